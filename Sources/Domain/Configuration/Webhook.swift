/// An endpoint that events are sent to over HTTP.
public struct Webhook: Hashable, Sendable, Codable {
    public var name: String
    public var url: String
    /// Patterns of routing keys; an event that one of them matches is sent.
    public var keys: [String]
    /// What each message is signed with, with every one of them while one replaces another.
    public var secrets: [CredentialReference]
    /// Its endpoint may be at a private, loopback or link-local address.
    public var isPrivate: Bool

    public static let mostSecrets = 3
    public static let everything = "#"

    public init(name: String, url: String, keys: [String] = [Webhook.everything], secrets: [CredentialReference] = [], isPrivate: Bool = false) {
        self.name = name
        self.url = url
        self.keys = keys
        self.secrets = secrets
        self.isPrivate = isPrivate
    }

    private enum CodingKeys: String, CodingKey {
        case name, url, keys, secrets
        case isPrivate = "private"
    }
}
