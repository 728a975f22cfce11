import Domain

/// Reads for people and programs. Never on the queue's own path: a slow reader delays nobody.
public protocol QueryStore: Sendable {
    func changes(_ query: PageQuery<ChangeFilterFields>) async throws -> [Change]
    func change(_ id: ChangeID) async throws -> Change?
    /// Who told of a change beside the source that told it first, the earliest first.
    func tellings(of change: ChangeID) async throws -> [ChangeTelling]
    func buildsets(_ query: PageQuery<BuildsetFields>) async throws -> [BuildsetRow]
    func buildset(_ id: BuildsetID) async throws -> BuildsetRow?
    func requests(_ query: PageQuery<RequestFields>) async throws -> [RequestRow]
    func request(_ id: RequestID) async throws -> RequestRow?
    func builds(_ query: PageQuery<BuildFields>) async throws -> [BuildRow]
    func build(_ id: BuildID) async throws -> BuildRow?
    /// The requests that a build answers, or answered, beside its own: the first 1000.
    func requestsAnswered(by build: BuildID) async throws -> [RequestID]
    func steps(of build: BuildID) async throws -> [StepRow]
    func logs(of build: BuildID) async throws -> [LogStatus]
    /// Every worker that ever connected, by name.
    func workers() async throws -> [WorkerRow]
    func builderCounts() async throws -> [BuilderCounts]
    func sources() async throws -> [String: SourceState]
    /// Everything that is known about why a request waits (or what became of it).
    func why(_ request: RequestID) async throws -> WaitFacts?
}

/// One page of a list: newest first unless `ascending`; `after` is the last id of the page before.
public struct PageQuery<Fields: Sendable & Hashable>: Hashable, Sendable {
    public var fields: Fields
    public var ascending: Bool
    public var after: Int64?
    public var limit: Int
    public var times = TimeRange()

    public init(_ fields: Fields, ascending: Bool = false, after: Int64? = nil, limit: Int = 50) {
        self.fields = fields
        self.ascending = ascending
        self.after = after
        self.limit = limit
    }
}

public struct ChangeFilterFields: Hashable, Sendable {
    public var project: String?
    public var repository: String?
    public var branch: String?
    public var revision: String?
    public var author: String?
    public var source: String?
    /// Its own, or one that was promised for it.
    public var chain: ChainID?
    /// Only those of these projects; nil: of any.
    public var projects: [String]?
    public init() {}
}

public struct BuildsetFields: Hashable, Sendable {
    public var scheduler: String?
    public var branch: String?
    public var revision: String?
    public var outcome: Outcome?
    public var finished: Bool?
    /// Buildsets that this change is part of.
    public var change: ChangeID?
    /// Only those of these projects; nil: of any.
    public var projects: [String]?
    public init() {}
}

public struct RequestFields: Hashable, Sendable {
    public var buildset: BuildsetID?
    public var builder: String?
    public var branch: String?
    public var phase: RequestPhase?
    public var outcome: Outcome?
    /// Only those of these projects; nil: of any.
    public var projects: [String]?
    public init() {}
}

public struct BuildFields: Hashable, Sendable {
    public var builder: String?
    public var worker: String?
    public var branch: String?
    public var revision: String?
    public var phase: BuildPhase?
    public var outcome: Outcome?
    public var request: RequestID?
    public var buildset: BuildsetID?
    /// Only those of these projects; nil: of any.
    public var projects: [String]?
    public init() {}
}

public struct BuildsetRow: Hashable, Sendable {
    public var id: BuildsetID
    public var scheduler: String
    public var reason: String
    public var chain: ChainID
    public var parents: [ChainID]
    public var stamp: SourceStamp
    /// Of the other codebases, where there are several.
    public var further: [SourceStamp]
    public var changes: [ChangeID]
    public var created: Timestamp
    public var finished: Timestamp?
    public var outcome: Outcome?
    public var openRequests: Int
    public var properties: Properties
    /// The revision of the configuration that it was planned under; nil: it was made before that was kept.
    public var configuration: ConfigurationID?

    public init(
        id: BuildsetID, scheduler: String, reason: String, chain: ChainID, parents: [ChainID], stamp: SourceStamp, changes: [ChangeID],
        created: Timestamp, finished: Timestamp?, outcome: Outcome?, openRequests: Int, properties: Properties, configuration: ConfigurationID?,
        further: [SourceStamp] = []
    ) {
        self.id = id
        self.scheduler = scheduler
        self.reason = reason
        self.chain = chain
        self.parents = parents
        self.stamp = stamp
        self.further = further
        self.changes = changes
        self.created = created
        self.finished = finished
        self.outcome = outcome
        self.openRequests = openRequests
        self.properties = properties
        self.configuration = configuration
    }
}

public struct RequestRow: Hashable, Sendable {
    public var id: RequestID
    public var buildset: BuildsetID
    public var builder: String
    public var phase: RequestPhase
    public var outcome: Outcome?
    public var cause: Cause?
    public var text: String
    public var priority: Int
    public var attempts: Int
    public var created: Timestamp
    public var claimed: Timestamp?
    public var finished: Timestamp?
    public var cancelReason: String?
    /// When it ends unless a build of it has begun by then.
    public var deadline: Timestamp?
    public var stamp: SourceStamp
    /// Of the other codebases, where there are several.
    public var further: [SourceStamp]
    public var chain: ChainID
    /// Its own, oldest first.
    public var builds: [BuildID]
    /// The build of another request that answers it, or did; nil: its own do.
    public var answeredBy: BuildID?

    public init(
        id: RequestID, buildset: BuildsetID, builder: String, phase: RequestPhase, outcome: Outcome?, cause: Cause?, text: String,
        priority: Int, attempts: Int, created: Timestamp, claimed: Timestamp?, finished: Timestamp?, cancelReason: String?, deadline: Timestamp?,
        stamp: SourceStamp, chain: ChainID, builds: [BuildID], answeredBy: BuildID? = nil,
        further: [SourceStamp] = []
    ) {
        self.id = id
        self.buildset = buildset
        self.builder = builder
        self.phase = phase
        self.outcome = outcome
        self.cause = cause
        self.text = text
        self.priority = priority
        self.attempts = attempts
        self.created = created
        self.claimed = claimed
        self.finished = finished
        self.cancelReason = cancelReason
        self.deadline = deadline
        self.stamp = stamp
        self.further = further
        self.chain = chain
        self.builds = builds
        self.answeredBy = answeredBy
    }
}

public struct BuildRow: Hashable, Sendable {
    public var id: BuildID
    public var request: RequestID
    public var buildset: BuildsetID
    public var builder: String
    public var worker: String
    public var session: SessionID
    public var attempt: Int
    public var phase: BuildPhase
    public var outcome: Outcome?
    public var cause: Cause?
    public var text: String
    public var fence: Fence
    public var assigned: Timestamp
    public var started: Timestamp?
    public var finished: Timestamp?
    public var stamp: SourceStamp
    /// Of the other codebases, where there are several.
    public var further: [SourceStamp]
    public var chain: ChainID
    public var reason: String
    /// The author and the first line of the newest change in the buildset; empty for builds by hand.
    public var author: String
    public var comments: String
    public var changes: [ChangeID]
    public var properties: Properties
    /// The revision of the configuration that has its recipe: the one in force when it was assigned.
    public var configuration: ConfigurationID
    /// The revision that its buildset was planned under; nil: that was made before it was kept.
    public var plannedUnder: ConfigurationID?

    public init(
        id: BuildID, request: RequestID, buildset: BuildsetID, builder: String, worker: String, session: SessionID, attempt: Int,
        phase: BuildPhase, outcome: Outcome?, cause: Cause?, text: String, fence: Fence, assigned: Timestamp, started: Timestamp?,
        finished: Timestamp?, stamp: SourceStamp, chain: ChainID, reason: String, author: String, comments: String, changes: [ChangeID],
        properties: Properties, configuration: ConfigurationID, plannedUnder: ConfigurationID?,
        further: [SourceStamp] = []
    ) {
        self.id = id
        self.request = request
        self.buildset = buildset
        self.builder = builder
        self.worker = worker
        self.session = session
        self.attempt = attempt
        self.phase = phase
        self.outcome = outcome
        self.cause = cause
        self.text = text
        self.fence = fence
        self.assigned = assigned
        self.started = started
        self.finished = finished
        self.stamp = stamp
        self.further = further
        self.chain = chain
        self.reason = reason
        self.author = author
        self.comments = comments
        self.changes = changes
        self.properties = properties
        self.configuration = configuration
        self.plannedUnder = plannedUnder
    }
}

public struct StepRow: Hashable, Sendable {
    public var fact: StepFact
    public var started: Timestamp
    public var finished: Timestamp?

    public init(fact: StepFact, started: Timestamp, finished: Timestamp?) {
        self.fact = fact
        self.started = started
        self.finished = finished
    }
}

public struct WorkerRow: Hashable, Sendable {
    public var name: String
    public var labels: Labels
    public var slots: Int
    public var version: String
    public var connected: Bool
    public var paused: Bool
    public var lastConnected: Timestamp
    /// The builds it holds now.
    public var builds: [BuildID]

    public init(
        name: String, labels: Labels, slots: Int, version: String, connected: Bool, paused: Bool, lastConnected: Timestamp, builds: [BuildID]
    ) {
        self.name = name
        self.labels = labels
        self.slots = slots
        self.version = version
        self.connected = connected
        self.paused = paused
        self.lastConnected = lastConnected
        self.builds = builds
    }
}

public struct BuilderCounts: Hashable, Sendable {
    public var builder: String
    public var pending: Int
    public var claimed: Int
    /// When the oldest pending request was created.
    public var oldestPending: Timestamp?

    public init(builder: String, pending: Int, claimed: Int, oldestPending: Timestamp?) {
        self.builder = builder
        self.pending = pending
        self.claimed = claimed
        self.oldestPending = oldestPending
    }
}

extension BuildsetRow {
    /// Every codebase, the main one first; nil where there is one repository.
    public var stamps: [SourceStamp]? { stamp.codebase.isEmpty ? nil : [stamp] + further }
}

extension RequestRow {
    public var stamps: [SourceStamp]? { stamp.codebase.isEmpty ? nil : [stamp] + further }
}

extension BuildRow {
    public var stamps: [SourceStamp]? { stamp.codebase.isEmpty ? nil : [stamp] + further }
}
