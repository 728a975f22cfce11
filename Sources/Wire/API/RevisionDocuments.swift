import Domain

/// A revision of the configuration in a list.
public struct RevisionSummary: Hashable, Sendable, Encodable {
    public struct Counts: Hashable, Sendable, Encodable {
        /// Of every kind.
        public var sources: Int
        public var schedulers: Int
        public var builders: Int

        public init(sources: Int, schedulers: Int, builders: Int) {
            self.sources = sources
            self.schedulers = schedulers
            self.builders = builders
        }
    }

    public var id: ConfigurationID
    public var digest: String
    public var applied: Timestamp
    /// Who had it applied, as they said it; absent: the process that was started with its file.
    public var by: String?
    /// The earlier revision that it is again.
    public var restores: ConfigurationID?
    public var counts: Counts

    public init(id: ConfigurationID, digest: String, applied: Timestamp, by: String?, restores: ConfigurationID?, counts: Counts) {
        self.id = id
        self.digest = digest
        self.applied = applied
        self.by = by
        self.restores = restores
        self.counts = counts
    }
}

/// The same with the configuration itself.
public struct RevisionDocument: Sendable, Encodable {
    private var summary: RevisionSummary
    private var configuration: Configuration

    public init(summary: RevisionSummary, configuration: Configuration) {
        self.summary = summary
        self.configuration = configuration
    }

    private enum CodingKeys: String, CodingKey {
        case configuration
    }

    public func encode(to encoder: any Encoder) throws {
        try summary.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(configuration, forKey: .configuration)
    }
}

/// What differs between two revisions.
public struct RevisionDifference: Sendable, Encodable {
    private var from: ConfigurationID
    private var to: ConfigurationID
    private var difference: ConfigurationDifference

    public init(from: ConfigurationID, to: ConfigurationID, difference: ConfigurationDifference) {
        self.from = from
        self.to = to
        self.difference = difference
    }

    private enum CodingKeys: String, CodingKey {
        case from, to
    }

    public func encode(to encoder: any Encoder) throws {
        try difference.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(from, forKey: .from)
        try container.encode(to, forKey: .to)
    }
}

/// The body of `POST /config/rollback`: which revision is to be in force again.
public struct RollbackBody: Sendable, Codable {
    public var revision: ConfigurationID
    /// The revision that is in force, as far as the caller knows; with another, nothing is applied.
    public var expect: ConfigurationID?
    /// Who has it applied, as they say it.
    public var by: String?

    public init(revision: ConfigurationID, expect: ConfigurationID? = nil, by: String? = nil) {
        self.revision = revision
        self.expect = expect
        self.by = by
    }

    public static let fieldNames: Set<String> = ["revision", "expect", "by"]
}
