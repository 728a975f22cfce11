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

    public static let defaultAttempts = 3

    public init(
        name: String, labels: [String: String] = [:], steps: [StepRecipe], environment: [String: String] = [:],
        properties: [String: JSONValue] = [:], attempts: Int = Builder.defaultAttempts, priority: Int = 0
    ) {
        self.name = name
        self.labels = labels
        self.steps = steps
        self.environment = environment
        self.properties = properties
        self.attempts = attempts
        self.priority = priority
    }
}
