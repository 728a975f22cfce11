/// A list in JSON at somebody else's address, whose items become changes.
public struct JSONPollConfiguration: Hashable, Sendable, Codable {
    /// Where in the list the newest item stands.
    public enum Newest: String, Sendable, Codable, CaseIterable {
        case first, last
    }

    public var name: String
    public var url: String
    public var every: Duration
    /// A bound on one contact.
    public var timeout: Duration
    /// What the header holds, whole; nil: the address asks for nothing.
    public var credential: CredentialReference?
    public var header: String
    public var newest: Newest
    /// How a document becomes changes: the first that means it.
    public var mappings: [ChangeMapping]

    public init(
        name: String, url: String, every: Duration = .seconds(60), timeout: Duration = .seconds(30), credential: CredentialReference? = nil,
        header: String = "Authorization", newest: Newest = .first, mappings: [ChangeMapping]
    ) {
        self.name = name
        self.url = url
        self.every = every
        self.timeout = timeout
        self.credential = credential
        self.header = header
        self.newest = newest
        self.mappings = mappings
    }

    private enum CodingKeys: String, CodingKey {
        case name, url, credential, header, newest, mappings
        case every = "every_ms"
        case timeout = "timeout_ms"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name), url: try container.decode(String.self, forKey: .url),
            every: try container.decodeMillisecondsIfPresent(forKey: .every) ?? .seconds(60),
            timeout: try container.decodeMillisecondsIfPresent(forKey: .timeout) ?? .seconds(30),
            credential: try container.decodeIfPresent(CredentialReference.self, forKey: .credential),
            header: try container.decode(String.self, forKey: .header), newest: try container.decode(Newest.self, forKey: .newest),
            mappings: try container.decode([ChangeMapping].self, forKey: .mappings))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(url, forKey: .url)
        try container.encodeMillisecondsIfPresent(every, forKey: .every)
        try container.encodeMillisecondsIfPresent(timeout, forKey: .timeout)
        try container.encodeIfPresent(credential, forKey: .credential)
        try container.encode(header, forKey: .header)
        try container.encode(newest, forKey: .newest)
        try container.encode(mappings, forKey: .mappings)
    }
}
