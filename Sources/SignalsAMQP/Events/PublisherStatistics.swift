/// What an event publisher has done since it was made, for metrics.
public struct PublisherStatistics: Hashable, Sendable {
    /// Messages sent, repeats included.
    public internal(set) var sent: UInt64 = 0
    /// Events that the broker has taken.
    public internal(set) var confirmed: UInt64 = 0
    /// Refusals by queues, of repeats too.
    public internal(set) var refusals: UInt64 = 0
    /// Events that were refused for good.
    public internal(set) var refused: UInt64 = 0
    /// Batches whose fate was left unknown.
    public internal(set) var interrupted: UInt64 = 0
    /// Messages that the broker has not settled yet.
    public internal(set) var outstanding = 0
    /// How long the broker has refused to take messages.
    public internal(set) var blocked: Duration = .zero
    public internal(set) var connects = 0
    /// Why nothing can be published at the moment.
    public internal(set) var trouble: String?

    public init() {}
}
