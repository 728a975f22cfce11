import Domain

public protocol ConfigurationStore: Sendable {
    /// The configuration in force; nil before the first was applied.
    func currentConfiguration() async throws -> AppliedConfiguration?
    /// Applies a configuration, unless the last applied one has the same digest (then that one is returned, `changed` false). Writes `config.applied`.
    func apply(_ configuration: Configuration, digest: String) async throws -> (applied: AppliedConfiguration, changed: Bool)
}
