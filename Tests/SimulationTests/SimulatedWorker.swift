import Crypto
import Domain
import Storage
import StoreConformance

extension BuildReport.Content {
    /// One of each kind is said about a build, so it makes the key.
    fileprivate var kind: String {
        switch self {
        case .accept: "accept"
        case .renew: "renew"
        case .stepStarted: "step-started"
        case .stepFinished: "step-finished"
        case .finish: "finish"
        }
    }
}

/// A worker of the simulation: what it remembers is what its process would hold in memory and in its spool.
struct SimulatedWorker {
    /// One build as its worker knows it.
    struct Held {
        enum Progress: Int {
            case given, accepted, stepStarted, logged, stepFinished
        }
        var assignment: Assignment
        var progress = Progress.given
        /// Everything the step printed so far; only a part may have arrived.
        var output: [UInt8] = []
        var acknowledged: Int64 = 0
        /// It has said that the step is over, heard or not: nothing is printed any more.
        var saidStepEnd = false
        /// When the store last said yes to something about it.
        var renewed: Timestamp
    }

    let name: String
    var incarnation = 0
    var session: WorkerSession?
    var held: [BuildID: Held] = [:]
    var lastHeard: Timestamp

    static let slots = 2
    static let logName = "1-unit"

    init(_ name: String, now: Timestamp) {
        self.name = name
        lastHeard = now
    }

    var opening: SessionOpening {
        SessionOpening(
            worker: name, incarnation: "\(name)-\(incarnation)", secretHash: Samples.digest(incarnation + 1), labels: [:], slots: Self.slots,
            version: "1.0")
    }

    func offer(_ session: WorkerSession) -> SlotOffer {
        SlotOffer(session: session.id, worker: name, labels: [:], free: Self.slots - held.count, holding: Set(held.keys))
    }

    /// The next thing that it has to say about a build.
    func report(_ held: Held, outcome: Outcome) -> BuildReport {
        let content: BuildReport.Content =
            switch held.progress {
            case .given: .accept
            case .accepted: .stepStarted(StepStart(number: 1))
            case .stepStarted, .logged: .stepFinished(StepEnd(number: 1, outcome: outcome, exitStatus: 0, durationMilliseconds: 1))
            case .stepFinished: .finish(BuildEnd(outcome: outcome, logs: held.output.isEmpty ? [] : [.of(held.output, name: Self.logName)]))
            }
        return BuildReport(
            key: "report-\(content.kind)", build: held.assignment.build, session: held.assignment.session, fence: held.assignment.fence,
            content: content)
    }
}
