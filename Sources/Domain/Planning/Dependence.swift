/// What a rule of kind `dependent` follows: the ends of other schedulers' buildsets, with one of some outcomes.
public struct Dependence: Hashable, Sendable {
    public var schedulers: [String]
    public var outcomes: Set<Outcome>

    public init(schedulers: [String], outcomes: Set<Outcome> = Need.usual) {
        self.schedulers = schedulers
        self.outcomes = outcomes
    }
}

extension Dependence: Codable {
    private enum CodingKeys: String, CodingKey {
        case schedulers, outcomes
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        schedulers = try values.decode([String].self, forKey: .schedulers)
        outcomes = Set(try values.decode([Outcome].self, forKey: .outcomes))
    }

    /// The outcomes always in one order: the same configuration has the same digest.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(schedulers, forKey: .schedulers)
        try values.encode(Outcome.allCases.filter(outcomes.contains), forKey: .outcomes)
    }
}

extension Configuration {
    /// The schedulers whose ends others follow.
    public var followedSchedulers: Set<String> { Set(schedulers.flatMap { $0.follows?.schedulers ?? [] }) }

    /// Rules that follow each other in a circle, in its order, the first of them again at the end; nil when there is none.
    public func circleOfSchedulers() -> [String]? {
        let follows = schedulers.reduce(into: [String: [String]]()) { $0[$1.name] = $1.follows?.schedulers ?? [] }
        return Circle.find(in: schedulers.map(\.name), follows)
    }
}

/// A buildset that has ended, for those that follow it.
public struct FinishedBuildset: Hashable, Sendable {
    public var id: BuildsetID
    public var scheduler: String
    public var outcome: Outcome
    public var chain: ChainID
    public var stamp: SourceStamp
    public var further: [SourceStamp]
    public var changes: [ChangeID]
    public var properties: Properties

    public init(
        id: BuildsetID, scheduler: String, outcome: Outcome, chain: ChainID, stamp: SourceStamp, changes: [ChangeID], properties: Properties,
        further: [SourceStamp] = []
    ) {
        self.id = id
        self.scheduler = scheduler
        self.outcome = outcome
        self.chain = chain
        self.stamp = stamp
        self.further = further
        self.changes = changes
        self.properties = properties
    }
}
