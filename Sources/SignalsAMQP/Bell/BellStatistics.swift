/// What a bell over a broker has done since it was made, for metrics.
public struct BellStatistics: Hashable, Sendable {
    /// Rings published; those that were merged with others count once.
    public internal(set) var ringsSent: UInt64 = 0
    /// Rings of other processes.
    public internal(set) var ringsReceived: UInt64 = 0
    /// Rings to oneself that found no queue.
    public internal(set) var returns: UInt64 = 0
    /// Connections opened, for ringing and for hearing together.
    public internal(set) var connects = 0
    /// How long the broker has refused to take rings.
    public internal(set) var blocked: Duration = .zero
    /// How long the last ring to oneself took there and back.
    public internal(set) var roundTrip: Duration?
    public internal(set) var longestRoundTrip: Duration = .zero

    public init() {}
}
