/// When a result that is there already answers a request that a rule makes.
public struct ReuseRule: Hashable, Sendable {
    /// How long ago the build may have finished.
    public var within: Duration
    /// How it must have ended.
    public var outcomes: Set<Outcome>

    public static let usual: Set<Outcome> = [.success]
    /// Those that a build earns by itself; what ended otherwise says nothing of what was built.
    public static let possible: Set<Outcome> = [.success, .warnings, .failure]
    /// Longer nothing is kept; no duration of a configuration is longer.
    public static let longest = Duration.seconds(30 * 86_400)

    public init(within: Duration, outcomes: Set<Outcome> = ReuseRule.usual) {
        self.within = within
        self.outcomes = outcomes
    }
}

extension ReuseRule: Codable {
    private enum CodingKeys: String, CodingKey {
        case outcomes
        case within = "within_ms"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            within: try values.decodeMillisecondsIfPresent(forKey: .within) ?? .zero,
            outcomes: Set(try values.decode([Outcome].self, forKey: .outcomes)))
    }

    /// The outcomes always in one order: the same configuration has the same digest.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeMillisecondsIfPresent(within, forKey: .within)
        try values.encode(Outcome.allCases.filter(outcomes.contains), forKey: .outcomes)
    }
}
