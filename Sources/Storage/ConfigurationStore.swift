import Domain

public protocol ConfigurationStore: Sendable {
    /// The configuration in force; nil before the first was applied.
    func currentConfiguration() async throws -> AppliedConfiguration?
    /// Applies a configuration, unless the one in force has the same digest (then that one is returned, `changed` false). Writes `config.applied`. Refused with
    /// `StoreError.conflict` when another revision is in force than the one that it is meant to follow.
    func apply(_ new: NewRevision) async throws -> (applied: AppliedConfiguration, changed: Bool)
    /// Every configuration that was ever applied.
    func revisions(_ query: PageQuery<RevisionFields>) async throws -> [RevisionRow]
    func revision(_ id: ConfigurationID) async throws -> KeptRevision?
}

extension ConfigurationStore {
    public func apply(_ configuration: Configuration, digest: String) async throws -> (applied: AppliedConfiguration, changed: Bool) {
        try await apply(NewRevision(configuration, digest: digest))
    }
}

/// A configuration that is to be in force.
public struct NewRevision: Hashable, Sendable {
    public var configuration: Configuration
    public var digest: String
    /// Who has it applied, as they say it; nil: the process that was started with its file.
    public var by: String?
    /// The earlier revision that it is again.
    public var restores: ConfigurationID?
    /// The revision that it is meant to follow; nil: whichever is in force.
    public var expect: ConfigurationID?
    /// Put on record in the same transaction, when it comes into force.
    public var audit: AuditNote?

    public init(
        _ configuration: Configuration, digest: String, by: String? = nil, restores: ConfigurationID? = nil, expect: ConfigurationID? = nil,
        audit: AuditNote? = nil
    ) {
        self.configuration = configuration
        self.digest = digest
        self.by = by
        self.restores = restores
        self.expect = expect
        self.audit = audit
    }
}

public struct RevisionFields: Hashable, Sendable {
    public init() {}
}

/// A revision in a list.
public struct RevisionRow: Hashable, Sendable {
    public var id: ConfigurationID
    public var digest: String
    public var applied: Timestamp
    public var by: String?
    public var restores: ConfigurationID?
    /// Of every kind.
    public var sources: Int
    public var schedulers: Int
    public var builders: Int

    public init(
        id: ConfigurationID, digest: String, applied: Timestamp, by: String?, restores: ConfigurationID?, sources: Int, schedulers: Int, builders: Int
    ) {
        self.id = id
        self.digest = digest
        self.applied = applied
        self.by = by
        self.restores = restores
        self.sources = sources
        self.schedulers = schedulers
        self.builders = builders
    }
}

/// Everything that is kept of a revision.
public struct KeptRevision: Hashable, Sendable {
    public var row: RevisionRow
    public var configuration: Configuration

    public init(row: RevisionRow, configuration: Configuration) {
        self.row = row
        self.configuration = configuration
    }
}
