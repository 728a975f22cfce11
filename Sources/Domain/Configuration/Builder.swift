/// A named recipe: steps, the labels a worker must have, limits.
public struct Builder: Hashable, Sendable, Codable {
    public var name: String
    public var labels: [String: String]
    public var steps: [StepRecipe]
    public var environment: [String: String]
    public var properties: [String: JSONValue]
    /// How many builds may be tried for one request before it ends as `exception`.
    public var attempts: Int
    public var priority: Int
    /// What must have ended before it, where they are built together.
    public var needs: [Need]
    /// How many of its builds may be open at once, over the whole deployment.
    public var limit: Int?
    /// What each of its builds holds from its assignment until it has ended.
    public var locks: [LockUse]
    /// Requests for it that ask for the same, and wait at the same time, are answered by one build.
    public var collapse: Bool
    /// Nil: each request that a rule makes is built.
    public var reuse: ReuseRule?
    /// How long its requests may wait for their first build before they end as `cancelled`; nil: for ever.
    public var deadline: Duration?
    /// What people may say when they force it; nil: any properties.
    public var force: ForceRule?
    /// Nil: it takes no patches.
    public var tries: TryRule?

    public static let defaultAttempts = 3

    public init(
        name: String, labels: [String: String] = [:], steps: [StepRecipe], environment: [String: String] = [:],
        properties: [String: JSONValue] = [:], attempts: Int = Builder.defaultAttempts, priority: Int = 0, needs: [Need] = [],
        limit: Int? = nil, locks: [LockUse] = [], force: ForceRule? = nil, tries: TryRule? = nil, deadline: Duration? = nil,
        collapse: Bool = true, reuse: ReuseRule? = nil
    ) {
        self.name = name
        self.labels = labels
        self.steps = steps
        self.environment = environment
        self.properties = properties
        self.attempts = attempts
        self.priority = priority
        self.needs = needs
        self.limit = limit
        self.locks = locks
        self.force = force
        self.tries = tries
        self.deadline = deadline
        self.collapse = collapse
        self.reuse = reuse
    }
}

extension Builder {
    private enum CodingKeys: String, CodingKey {
        case name, labels, steps, environment, properties, attempts, priority, needs, limit, locks, force, collapse, reuse
        case tries = "try"
        case deadline = "deadline_ms"
    }

    /// Revisions that were stored before a key existed do not have it.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name), labels: try values.decode([String: String].self, forKey: .labels),
            steps: try values.decode([StepRecipe].self, forKey: .steps),
            environment: try values.decode([String: String].self, forKey: .environment),
            properties: try values.decode([String: JSONValue].self, forKey: .properties),
            attempts: try values.decode(Int.self, forKey: .attempts), priority: try values.decode(Int.self, forKey: .priority),
            needs: try values.decodeIfPresent([Need].self, forKey: .needs) ?? [], limit: try values.decodeIfPresent(Int.self, forKey: .limit),
            locks: try values.decodeIfPresent([LockUse].self, forKey: .locks) ?? [],
            force: try values.decodeIfPresent(ForceRule.self, forKey: .force),
            tries: try values.decodeIfPresent(TryRule.self, forKey: .tries),
            deadline: try values.decodeMillisecondsIfPresent(forKey: .deadline),
            collapse: try values.decodeIfPresent(Bool.self, forKey: .collapse) ?? true,
            reuse: try values.decodeIfPresent(ReuseRule.self, forKey: .reuse))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encode(labels, forKey: .labels)
        try values.encode(steps, forKey: .steps)
        try values.encode(environment, forKey: .environment)
        try values.encode(properties, forKey: .properties)
        try values.encode(attempts, forKey: .attempts)
        try values.encode(priority, forKey: .priority)
        try values.encode(needs, forKey: .needs)
        try values.encodeIfPresent(limit, forKey: .limit)
        try values.encode(locks, forKey: .locks)
        try values.encodeIfPresent(force, forKey: .force)
        try values.encodeIfPresent(tries, forKey: .tries)
        try values.encodeMillisecondsIfPresent(deadline, forKey: .deadline)
        try values.encode(collapse, forKey: .collapse)
        try values.encodeIfPresent(reuse, forKey: .reuse)
    }
}
