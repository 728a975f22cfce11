import Foundation

/// The deployment's identity on an intake's own disk, so that it can name chains when the database is away at its start.
public struct IdentityCache: Hashable, Sendable, Codable {
    public var deployment: String
    /// When the database last confirmed it, in seconds since 1970.
    public var confirmed: Double

    private static func path(_ dataDirectory: String) -> String { dataDirectory + "/spool/identity.json" }

    public init(deployment: String, confirmed: Double = Date().timeIntervalSince1970) {
        self.deployment = deployment
        self.confirmed = confirmed
    }

    /// What an earlier start left; nil when there is nothing that can be read.
    public static func load(dataDirectory: String) -> IdentityCache? {
        guard let data = FileManager.default.contents(atPath: path(dataDirectory)) else { return nil }
        return try? JSONDecoder().decode(IdentityCache.self, from: data)
    }

    /// Replaces it as a whole.
    public func save(dataDirectory: String) throws {
        try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: Self.path(dataDirectory)), options: .atomic)
    }
}
