import Foundation
import ProcessSupport

/// How long and how hard a fault run is: the long form is `make faults`, the short one part of `make test`.
struct FaultPlan {
    var changes: Int
    var kills: Int
    var seed: UInt64

    static func fromEnvironment() -> FaultPlan {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["DOORBELL_FAULTS_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...UInt64(UInt32.max))
        return environment["DOORBELL_FAULTS"] == "long"
            ? FaultPlan(changes: 500, kills: 30, seed: seed) : FaultPlan(changes: 60, kills: 6, seed: seed)
    }
}
