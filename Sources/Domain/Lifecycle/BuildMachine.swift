/// The lifecycle of one build: a report in, a verdict out. Pure; the stores ask it and write what it says.
public struct BuildMachine: Hashable, Sendable {
    public var phase: BuildPhase
    public var session: SessionID
    public var fence: Fence
    public var outcome: Outcome?
    public var cause: Cause?

    public init(phase: BuildPhase, session: SessionID, fence: Fence, outcome: Outcome? = nil, cause: Cause? = nil) {
        self.phase = phase
        self.session = session
        self.fence = fence
        self.outcome = outcome
        self.cause = cause
    }

    public enum Verdict: Hashable, Sendable {
        /// The report changes the build: write it, and renew the lease.
        case apply
        /// True already; nothing to write but the lease.
        case unchanged
        /// The build belongs to somebody else now, or has ended: 409, nothing changes.
        case stale(String)
        /// It makes no sense in this phase: 422, nothing changes.
        case invalid(String)
    }

    /// Judges a report and, when it applies, moves to the new phase.
    public mutating func judge(_ report: BuildReport) -> Verdict {
        guard report.session == session else { return .stale("the build belongs to another session") }
        guard report.fence == fence else { return .stale("fence \(report.fence.rawValue) was given, \(fence.rawValue) is in force") }
        guard phase != .finished else { return .stale("the build has finished as \(outcome?.rawValue ?? "unknown")") }
        switch report.content {
        case .accept:
            guard phase == .assigned else { return .unchanged }
            phase = .running
            return .apply
        case .renew:
            return .unchanged
        case .stepStarted, .stepFinished:
            guard phase == .running else { return .invalid("the build has not been accepted") }
            return .apply
        case .finish(let end):
            if phase == .assigned, end.outcome != .exception, end.outcome != .cancelled {
                return .invalid("the build has not been accepted")
            }
            phase = .finished
            outcome = end.outcome
            cause = end.cause
            return .apply
        }
    }

    /// Ends the build from our side: its lease ended, or its session closed. The fence grows, so that nothing of the old owner is taken.
    public mutating func end(outcome: Outcome, cause: Cause) {
        phase = .finished
        self.outcome = outcome
        self.cause = cause
        fence = fence.next
    }
}
