import Domain
import Synchronization
import Wire

/// One build that the worker holds: who may end it, and the keys of its reports.
final class HeldBuild: Sendable {
    /// Why the build ends early; a later one outranks an earlier.
    enum End: Hashable, Sendable {
        /// Somebody asked for it; what always runs still runs, and the outcome is reported.
        case cancelled(String)
        /// The worker stops: nothing more runs, and the build is given back.
        case drained
        /// The build is not ours any more: nothing more runs or is reported.
        case forgotten(String)
        /// The worker stops at once.
        case stopped

        fileprivate var rank: Int {
            switch self {
            case .cancelled: 1
            case .drained: 2
            case .forgotten: 3
            case .stopped: 4
            }
        }
    }

    private struct State {
        var reports = 0
        var end: End?
        var control: CommandControl?
        /// What the command that runs was started in spite of.
        var acknowledged = 0
        var heard: ContinuousClock.Instant
        var renewing = false
    }

    let assignment: AssignmentDocument
    /// Which of the worker's slots it takes.
    let slot: Int
    private let state: Mutex<State>

    init(_ assignment: AssignmentDocument, slot: Int) {
        self.assignment = assignment
        self.slot = slot
        state = Mutex(State(heard: .now))
    }

    var end: End? { state.withLock { $0.end } }

    /// True when nothing about the build is reported any more.
    var isAbandoned: Bool {
        switch end {
        case .forgotten, .stopped: true
        case .cancelled, .drained, nil: false
        }
    }

    /// Asks for the end, unless something that outranks it was asked before.
    func finishEarly(_ end: End) {
        let control: CommandControl? = state.withLock { state in
            guard end.rank > state.end?.rank ?? 0 else { return nil }
            state.end = end
            return end.rank > state.acknowledged ? state.control : nil
        }
        control?.interrupt(.asked, kill: end == .stopped)
    }

    /// A command is about to run; `acknowledged` is the end that it runs in spite of.
    func begin(_ control: CommandControl, inSpiteOf acknowledged: End?) {
        let end = state.withLock { state in
            state.control = control
            state.acknowledged = acknowledged?.rank ?? 0
            return state.end
        }
        if let end, end.rank > acknowledged?.rank ?? 0 { control.interrupt(.asked, kill: end == .stopped) }
    }

    /// The command has ended.
    func done() {
        state.withLock { $0.control = nil }
    }

    /// A report with the next key of this build.
    func report(
        _ kind: ReportDocument.Kind, stepStarted: StepStart? = nil, stepFinished: StepEnd? = nil, finish: BuildEnd? = nil
    ) -> ReportDocument {
        let number = state.withLock { state in
            state.reports += 1
            return state.reports
        }
        return ReportDocument(
            key: "\(number)-\(kind.rawValue)", build: assignment.build, fence: assignment.fence, kind: kind, stepStarted: stepStarted,
            stepFinished: stepFinished, finish: finish)
    }

    /// The dispatcher took a report, and the lease begins anew.
    func wasHeard() {
        state.withLock { state in
            state.heard = .now
            state.renewing = false
        }
    }

    /// How long ago that was.
    var silence: Duration { state.withLock { .now - $0.heard } }

    /// True, once until the answer comes, when the last report is older than `age`.
    func mustRenew(after age: Duration) -> Bool {
        state.withLock { state in
            guard !state.renewing, .now - state.heard >= age else { return false }
            state.renewing = true
            return true
        }
    }
}
