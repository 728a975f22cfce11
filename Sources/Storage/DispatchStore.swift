import Domain

public protocol DispatchStore: SettlingStore {
    /// Gives pending requests to free slots: priority first, then age. Creates the builds (phase `assigned`, lease running) and their events. Builds
    /// that are assigned to an offering session but unknown to its worker (a lost answer) are handed out again, before anything new.
    func match(_ offers: [SlotOffer]) async throws -> MatchResult
    /// Applies reports of many workers in one transaction; each is judged by itself, in order. Answers are in the order of the reports.
    func apply(_ reports: [BuildReport]) async throws -> [ReportAnswer]
    /// Ends the builds whose lease is over, or that nobody accepted in time, and retries or finishes their requests.
    func expireLeases(reachableSince: Timestamp, limit: Int) async throws -> LeaseExpiry
    /// The builds of these sessions whose end somebody asked for: what a dispatcher that starts, or was away, must still tell their workers.
    func pendingCancels(_ sessions: [SessionID]) async throws -> [BuildCancel]
}

/// What came of a look at free slots.
public struct MatchResult: Sendable {
    public var assignments: [Assignment]
    /// Other dispatchers were giving away what these slots could have had: something else may be first in line now, and nobody rings for that.
    public var isUnfinished: Bool
    /// In how long the order of what waits changes by itself.
    public var changesIn: Duration?

    public init(_ assignments: [Assignment], isUnfinished: Bool = false, changesIn: Duration? = nil) {
        self.assignments = assignments
        self.isUnfinished = isUnfinished
        self.changesIn = changesIn
    }
}

/// Free slots that wait at a dispatcher.
public struct SlotOffer: Hashable, Sendable {
    public var session: SessionID
    public var worker: String
    public var labels: Labels
    public var free: Int
    /// The builds that the worker knows it holds.
    public var holding: Set<BuildID>

    public init(session: SessionID, worker: String, labels: Labels, free: Int, holding: Set<BuildID> = []) {
        self.session = session
        self.worker = worker
        self.labels = labels
        self.free = free
        self.holding = holding
    }

    /// What is left of it once its worker has these, as far as they are its own.
    package func after(_ given: [Assignment]) -> SlotOffer {
        let own = given.filter { $0.session == session }.map(\.build)
        var left = self
        left.free = max(0, free - own.count)
        left.holding.formUnion(own)
        return left
    }
}

public struct ReportAnswer: Hashable, Sendable {
    public enum Verdict: Hashable, Sendable {
        case applied
        /// The fence is not in force any more: the worker ends the build and forgets it.
        case stale(String)
        /// The report itself is wrong.
        case invalid(String)
        /// A log is not whole: these are the sizes the server has; send the rest and finish again.
        case logsIncomplete([String: Int64])
        case notFound
    }
    public var verdict: Verdict
    /// Somebody asked for this build's end.
    public var cancel: String?
    /// The report changed state that other loops may wait for: a buildset ended, a request went back to `pending`, or a limit or lock has room again.
    public var ringScheduling: Bool
    public var ringDispatch: Bool
    /// It ended a build, or a step, that may have waited for what it triggered.
    public var ringTriggers: Bool

    public init(
        verdict: Verdict, cancel: String? = nil, ringScheduling: Bool = false, ringDispatch: Bool = false, ringTriggers: Bool = false
    ) {
        self.verdict = verdict
        self.cancel = cancel
        self.ringScheduling = ringScheduling
        self.ringDispatch = ringDispatch
        self.ringTriggers = ringTriggers
    }
}

public struct LeaseExpiry: Hashable, Sendable {
    public var lost: [LostBuild]
    /// When to look again: the earliest moment at which a lease in force can end; nil when none is.
    public var nextDue: Timestamp?
    /// A process of the version before left requests to others: `settleStranded` finds them.
    public var isStranded: Bool

    public init(lost: [LostBuild], nextDue: Timestamp?, isStranded: Bool = false) {
        self.lost = lost
        self.nextDue = nextDue
        self.isStranded = isStranded
    }
}

public struct BuildCancel: Hashable, Sendable {
    public var build: BuildID
    public var session: SessionID
    public var reason: String

    public init(build: BuildID, session: SessionID, reason: String) {
        self.build = build
        self.session = session
        self.reason = reason
    }
}
