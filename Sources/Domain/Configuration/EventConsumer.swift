/// A program of others that reads events from a queue of its own, as an operator registered it: to be looked after, not to be fed.
public struct EventConsumer: Hashable, Sendable, Codable {
    public var name: String
    public var queue: String
    /// What the queue is bound to the exchange of events with.
    public var keys: [String]
    /// The queue of what it could not read.
    public var deadLetters: String?

    /// The longest name of a queue that AMQP carries.
    public static let longestQueue = 255
    public static let everything = "#"

    public init(name: String, queue: String, keys: [String] = [EventConsumer.everything], deadLetters: String? = nil) {
        self.name = name
        self.queue = queue
        self.keys = keys
        self.deadLetters = deadLetters
    }

    /// The first of its keys that an event's routing key matches.
    public func key(for routingKey: String) -> String? { keys.first { TopicPattern($0)?.matches(routingKey) ?? false } }

    private enum CodingKeys: String, CodingKey {
        case name, queue, keys
        case deadLetters = "dead_letters"
    }
}
