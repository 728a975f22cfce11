import Domain

public protocol TryStore: Sendable {
    /// Keeps a patch, and makes a buildset that builds a revision with it. The same idempotency key from the same principal again gives the first answer.
    func makeTry(_ new: TryRequest, idempotency: IdempotencyKey?, audit: AuditNote?) async throws -> TryReceipt
    /// What was made under this key before; nil when nothing was.
    func tryReceipt(of key: IdempotencyKey) async throws -> TryReceipt?
    /// The patch of a build, for the worker that holds it.
    func patch(for call: StepCall) async throws -> PatchVerdict
}

extension TryStore {
    public func makeTry(_ new: TryRequest, idempotency: IdempotencyKey?) async throws -> TryReceipt {
        try await makeTry(new, idempotency: idempotency, audit: nil)
    }
}

/// A patch that nobody has committed, and what is to be built with it.
public struct TryRequest: Hashable, Sendable {
    public var builders: [String]
    public var project: String
    public var repository: String
    public var branch: String
    /// What the patch goes onto.
    public var revision: String
    public var patch: [UInt8]
    public var author: String
    public var reason: String
    public var priority: Int
    public var properties: [String: JSONValue]

    public init(
        builders: [String], project: String, repository: String, branch: String, revision: String, patch: [UInt8], author: String = "",
        reason: String, priority: Int = 0, properties: [String: JSONValue] = [:]
    ) {
        self.builders = builders
        self.project = project
        self.repository = repository
        self.branch = branch
        self.revision = revision
        self.patch = patch
        self.author = author
        self.reason = reason
        self.priority = priority
        self.properties = properties
    }
}

public struct TryReceipt: Hashable, Sendable, Codable {
    public struct Part: Hashable, Sendable, Codable {
        public var builder: String
        public var request: RequestID

        public init(builder: String, request: RequestID) {
            self.builder = builder
            self.request = request
        }
    }

    public var buildset: BuildsetID
    public var chain: ChainID
    public var requests: [Part]
    /// By this call, and not by an earlier one.
    public var created: Bool

    public init(buildset: BuildsetID, chain: ChainID, requests: [Part], created: Bool) {
        self.buildset = buildset
        self.chain = chain
        self.requests = requests
        self.created = created
    }
}

public enum PatchVerdict: Hashable, Sendable {
    case patch([UInt8])
    /// It was kept for its time.
    case gone(String)
    case stale(String)
    case notFound
    /// The build has no patch, or its step is over.
    case invalid(String)
}
