import Foundation

/// How long and how hard a run of the fuzz is: the long form is part of `make faults`, the short one of `make test`. The seed reproduces what every writer
/// does and when leaders are frozen and killed; how the threads meet is the machine's.
struct FuzzPlan {
    var seed: UInt64
    var writers = 16
    var transactions: Int
    var entities: Int64 = 40
    var faults: Int
    var lease: Duration = .milliseconds(400)

    static func fromEnvironment() -> FuzzPlan {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["DOORBELL_FAULTS_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...UInt64(UInt32.max))
        return environment["DOORBELL_FAULTS"] == "long"
            ? FuzzPlan(seed: seed, transactions: 1500, faults: 60) : FuzzPlan(seed: seed, transactions: 60, faults: 8)
    }
}
