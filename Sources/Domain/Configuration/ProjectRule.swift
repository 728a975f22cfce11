/// What the requests of one project may take of the deployment. A project that nobody names has share 1, no limit and no longest wait.
public struct ProjectRule: Hashable, Sendable, Codable {
    /// What its changes carry as their project.
    public var name: String
    /// Its weight: where several projects have requests that wait, open builds are given out in proportion to it.
    public var share: Int
    /// How many of its builds may be open at once, over the whole deployment.
    public var limit: Int?
    /// Whoever waits longer goes before everybody else.
    public var longestWait: Duration?

    public static let shares = 1...10_000

    public init(name: String, share: Int = 1, limit: Int? = nil, longestWait: Duration? = nil) {
        self.name = name
        self.share = share
        self.limit = limit
        self.longestWait = longestWait
    }

    private enum CodingKeys: String, CodingKey {
        case name, share, limit
        case longestWait = "longest_wait_ms"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name), share: try values.decode(Int.self, forKey: .share),
            limit: try values.decodeIfPresent(Int.self, forKey: .limit),
            longestWait: try values.decodeMillisecondsIfPresent(forKey: .longestWait))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encode(share, forKey: .share)
        try values.encodeIfPresent(limit, forKey: .limit)
        try values.encodeMillisecondsIfPresent(longestWait, forKey: .longestWait)
    }
}
