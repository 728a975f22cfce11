/// What a builder waits for in a buildset: another builder's end, with one of some outcomes.
public struct Need: Hashable, Sendable {
    public var builder: String
    public var outcomes: Set<Outcome>

    public static let usual: Set<Outcome> = [.success, .warnings]

    public init(builder: String, outcomes: Set<Outcome> = Need.usual) {
        self.builder = builder
        self.outcomes = outcomes
    }
}

extension Need: Codable {
    private enum CodingKeys: String, CodingKey {
        case builder, outcomes
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        builder = try values.decode(String.self, forKey: .builder)
        outcomes = Set(try values.decode([Outcome].self, forKey: .outcomes))
    }

    /// The outcomes always in one order: the same configuration has the same digest.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(builder, forKey: .builder)
        try values.encode(Outcome.allCases.filter(outcomes.contains), forKey: .outcomes)
    }
}
