import Domain
import Foundation
import Storage

/// The deployment's identity on an intake's own disk, and the hooks it takes, so that it can name chains and judge calls when the database is away at its
/// start. Secrets are not in it: they are where the configuration says.
public struct IdentityCache: Hashable, Sendable, Codable {
    public var deployment: String
    /// When the database last confirmed it, in seconds since 1970.
    public var confirmed: Double
    /// The part of the configuration that says which hooks are taken; nil when none was known.
    public var configuration: Configuration?
    /// The tokens that may submit changes, and when the database confirmed them, in seconds since 1970; nil where none are asked for. Only hashes of secrets
    /// are among them.
    public var access: AccessState?
    public var accessConfirmed: Double?

    private static func path(_ dataDirectory: String) -> String { dataDirectory + "/spool/identity.json" }

    public init(
        deployment: String, configuration: Configuration? = nil, access: AccessState? = nil, confirmed: Double = Date().timeIntervalSince1970
    ) {
        self.deployment = deployment
        self.configuration = configuration.map { Self.part($0) }
        self.access = access.map { access in
            AccessState(version: access.version, tokens: access.tokens.filter { $0.grant.role.covers(.submitter) && $0.parent == nil })
        }
        accessConfirmed = access.map { _ in confirmed }
        self.confirmed = confirmed
    }

    private static func part(_ configuration: Configuration) -> Configuration {
        Configuration(
            project: configuration.project, hooks: configuration.hooks, sourceLimits: configuration.sourceLimits, mirrors: configuration.mirrors,
            sourceProjects: configuration.sourceProjects)
    }

    /// What an earlier start left; nil when there is nothing that can be read.
    public static func load(dataDirectory: String) -> IdentityCache? {
        guard let data = FileManager.default.contents(atPath: path(dataDirectory)) else { return nil }
        return try? JSONDecoder().decode(IdentityCache.self, from: data)
    }

    /// Replaces it as a whole.
    public func save(dataDirectory: String) throws {
        let path = Self.path(dataDirectory)
        try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
}
