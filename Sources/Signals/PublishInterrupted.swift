/// The connection to the broker broke, or cannot be had: what became of the batch is unknown, so it is to be published again with the same ids.
public struct PublishInterrupted: Error, Hashable, Sendable, CustomStringConvertible {
    public var reason: String

    public init(reason: String) {
        self.reason = reason
    }

    public var description: String { "the events could not be published: \(reason); they will be published again" }
}
