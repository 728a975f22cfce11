/// How many changes a source may bring in a time.
public struct ChangeLimit: Hashable, Sendable, Codable {
    public var changes: Int
    public var per: Duration

    public init(changes: Int, per: Duration) {
        self.changes = changes
        self.per = per
    }

    /// As people read it.
    public var text: String { "\(changes) changes in \(per.components.seconds) s" }

    private enum CodingKeys: String, CodingKey {
        case changes
        case per = "per_ms"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            changes: try container.decode(Int.self, forKey: .changes),
            per: try container.decodeMillisecondsIfPresent(forKey: .per) ?? .seconds(60))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(changes, forKey: .changes)
        try container.encodeMillisecondsIfPresent(per, forKey: .per)
    }
}
