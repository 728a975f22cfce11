import Domain

/// The body of `POST /try`. Without repository and branch it builds those of the newest change.
public struct TryBody: Sendable, Codable {
    public var builders: [String]
    public var repository: String?
    public var branch: String?
    /// What the patch goes onto.
    public var revision: String
    /// As `git diff --binary` makes it, in Base64.
    public var patch: String
    /// Who tries it, as the buildset says.
    public var by: String?
    public var reason: String?
    public var priority: Int?
    public var properties: [String: JSONValue]?

    public init(
        builders: [String], repository: String? = nil, branch: String? = nil, revision: String, patch: String, by: String? = nil,
        reason: String? = nil, priority: Int? = nil, properties: [String: JSONValue]? = nil
    ) {
        self.builders = builders
        self.repository = repository
        self.branch = branch
        self.revision = revision
        self.patch = patch
        self.by = by
        self.reason = reason
        self.priority = priority
        self.properties = properties
    }

    public static let fieldNames: Set<String> = [
        "builders", "repository", "branch", "revision", "patch", "by", "reason", "priority", "properties",
    ]
}

/// What a try made.
public struct TryAnswer: Sendable, Codable {
    public struct Request: Sendable, Codable {
        public var builder: String
        public var request: RequestID

        public init(builder: String, request: RequestID) {
            self.builder = builder
            self.request = request
        }
    }

    public var buildset: BuildsetID
    public var chain: ChainID
    public var requests: [Request]

    public init(buildset: BuildsetID, chain: ChainID, requests: [Request]) {
        self.buildset = buildset
        self.chain = chain
        self.requests = requests
    }
}
