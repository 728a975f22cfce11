import Domain

public protocol ControlStore: Sendable {
    /// Makes a buildset of one builder by hand. The same idempotency key from the same principal again gives the first answer.
    ///
    /// Here and below, `audit` is put on record in the same transaction when something is changed.
    func force(_ force: ForceRequest, idempotency: IdempotencyKey?, audit: AuditNote?) async throws -> ForceReceipt
    /// What a force or a rebuild made under this key before; nil when nothing was made.
    func receipt(of key: IdempotencyKey) async throws -> ForceReceipt?
    /// Asks for the end of a request: a pending one ends at once, a claimed one when its worker has stopped. Returns its phase after the call.
    func cancelRequest(_ request: RequestID, reason: String, audit: AuditNote?) async throws -> CancelReceipt
    func cancelBuild(_ build: BuildID, reason: String, audit: AuditNote?) async throws -> CancelReceipt
    /// Builds a finished or running build's request again, as a new buildset of that builder at the same stamp.
    func rebuild(_ build: BuildID, reason: String, idempotency: IdempotencyKey?, audit: AuditNote?) async throws -> ForceReceipt
    func setPriority(_ request: RequestID, priority: Int, audit: AuditNote?) async throws
    /// A paused worker gets nothing new. Writes `worker.paused` or `worker.resumed` when it changes something.
    func setWorkerPaused(_ worker: String, paused: Bool, audit: AuditNote?) async throws
}

/// What the program itself asks for, and nobody has to account for.
extension ControlStore {
    public func force(_ force: ForceRequest, idempotency: IdempotencyKey?) async throws -> ForceReceipt {
        try await self.force(force, idempotency: idempotency, audit: nil)
    }

    public func cancelRequest(_ request: RequestID, reason: String) async throws -> CancelReceipt {
        try await cancelRequest(request, reason: reason, audit: nil)
    }

    public func cancelBuild(_ build: BuildID, reason: String) async throws -> CancelReceipt {
        try await cancelBuild(build, reason: reason, audit: nil)
    }

    public func rebuild(_ build: BuildID, reason: String, idempotency: IdempotencyKey?) async throws -> ForceReceipt {
        try await rebuild(build, reason: reason, idempotency: idempotency, audit: nil)
    }

    public func setPriority(_ request: RequestID, priority: Int) async throws { try await setPriority(request, priority: priority, audit: nil) }

    public func setWorkerPaused(_ worker: String, paused: Bool) async throws { try await setWorkerPaused(worker, paused: paused, audit: nil) }
}

public struct IdempotencyKey: Hashable, Sendable {
    public var principal: String
    public var route: String
    public var key: String
    /// SHA-256 of the body: the same key with another body is refused with `StoreError.conflict`.
    public var bodyHash: String

    public init(principal: String, route: String, key: String, bodyHash: String) {
        self.principal = principal
        self.route = route
        self.key = key
        self.bodyHash = bodyHash
    }
}

public struct ForceRequest: Hashable, Sendable {
    public var builder: String
    /// Built in the same buildset, so that what they need of each other holds.
    public var others: [String]
    public var project: String
    public var repository: String
    public var branch: String
    public var revision: String?
    /// The name of the main codebase, where there are several; the others are `further`.
    public var codebase: String
    public var further: [SourceStamp]
    public var reason: String
    public var priority: Int
    public var properties: [String: JSONValue]

    public init(
        builder: String, others: [String] = [], project: String, repository: String, branch: String, revision: String?, reason: String,
        priority: Int = 0, properties: [String: JSONValue] = [:], codebase: String = "", further: [SourceStamp] = []
    ) {
        self.builder = builder
        self.others = others
        self.project = project
        self.repository = repository
        self.branch = branch
        self.revision = revision
        self.codebase = codebase
        self.further = further
        self.reason = reason
        self.priority = priority
        self.properties = properties
    }
}

public struct ForceReceipt: Hashable, Sendable {
    public var buildset: BuildsetID
    public var request: RequestID
    public var chain: ChainID
    public var created: Bool

    public init(buildset: BuildsetID, request: RequestID, chain: ChainID, created: Bool) {
        self.buildset = buildset
        self.request = request
        self.chain = chain
        self.created = created
    }
}

public struct CancelReceipt: Hashable, Sendable {
    public var phase: RequestPhase
    /// The running build that has to be told, if there is one.
    public var build: BuildCancel?

    public init(phase: RequestPhase, build: BuildCancel?) {
        self.phase = phase
        self.build = build
    }
}
