import Domain

/// A build request.
public struct RequestDocument: Sendable, Encodable {
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
    /// Every codebase, the main one first; absent where there is one repository.
    public var stamps: [SourceStamp]?
    public var chain: ChainID
    /// Its own, oldest first.
    public var builds: [BuildID]
    /// The build of another request that answers it, or did; absent: its own do.
    public var answeredBy: BuildID?

    private enum CodingKeys: String, CodingKey {
        case id, buildset, builder, phase, outcome, cause, text, priority, attempts, created, claimed, finished, deadline, stamp, stamps, chain
        case builds
        case cancelReason = "cancel_reason"
        case answeredBy = "answered_by"
    }

    public init(
        id: RequestID, buildset: BuildsetID, builder: String, phase: RequestPhase, outcome: Outcome?, cause: Cause?, text: String,
        priority: Int, attempts: Int, created: Timestamp, claimed: Timestamp?, finished: Timestamp?, cancelReason: String?,
        deadline: Timestamp? = nil,
        stamp: SourceStamp, chain: ChainID, builds: [BuildID], answeredBy: BuildID? = nil,
        stamps: [SourceStamp]? = nil
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
        self.stamps = stamps
        self.chain = chain
        self.builds = builds
        self.answeredBy = answeredBy
    }
}

/// A buildset: one decision to build some builders at a source stamp.
public struct BuildsetDocument: Sendable, Encodable {
    public var id: BuildsetID
    public var scheduler: String
    public var reason: String
    public var chain: ChainID
    public var parents: [ChainID]
    public var stamp: SourceStamp
    /// Every codebase, the main one first; absent where there is one repository.
    public var stamps: [SourceStamp]?
    public var changes: [ChangeID]
    public var created: Timestamp
    public var finished: Timestamp?
    public var outcome: Outcome?
    public var openRequests: Int
    public var properties: Properties
    /// The revision of the configuration that it was planned under; absent when it was made before that was kept.
    public var configuration: ConfigurationID?

    private enum CodingKeys: String, CodingKey {
        case id, scheduler, reason, chain, parents, stamp, stamps, changes, created, finished, outcome, properties, configuration
        case openRequests = "open_requests"
    }

    public init(
        id: BuildsetID, scheduler: String, reason: String, chain: ChainID, parents: [ChainID], stamp: SourceStamp, changes: [ChangeID],
        created: Timestamp, finished: Timestamp?, outcome: Outcome?, openRequests: Int, properties: Properties, configuration: ConfigurationID?,
        stamps: [SourceStamp]? = nil
    ) {
        self.id = id
        self.scheduler = scheduler
        self.reason = reason
        self.chain = chain
        self.parents = parents
        self.stamp = stamp
        self.stamps = stamps
        self.changes = changes
        self.created = created
        self.finished = finished
        self.outcome = outcome
        self.openRequests = openRequests
        self.properties = properties
        self.configuration = configuration
    }
}

/// Why a request waits, or what became of it.
public struct WhyDocument: Sendable, Encodable {
    public struct Reason: Hashable, Sendable, Codable {
        /// A stable code, for programs.
        public var code: String
        /// A sentence, for people.
        public var text: String

        public init(_ code: String, _ text: String) {
            self.code = code
            self.text = text
        }
    }

    public var request: RequestID
    public var phase: RequestPhase
    public var reasons: [Reason]

    public init(request: RequestID, phase: RequestPhase, reasons: [Reason]) {
        self.request = request
        self.phase = phase
        self.reasons = reasons
    }
}
