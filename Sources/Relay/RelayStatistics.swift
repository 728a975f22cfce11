/// What a relay has done since its start, for metrics.
public struct RelayStatistics: Hashable, Sendable {
    public internal(set) var isLeading = false
    public internal(set) var ticks: UInt64 = 0
    /// Events that the broker took, repeats included.
    public internal(set) var published: UInt64 = 0
    public internal(set) var refused: UInt64 = 0
    public internal(set) var batches: UInt64 = 0
    /// Events that the broker took as CDEvents too, and those that it did not, or that could not be told so.
    public internal(set) var projected: UInt64 = 0
    public internal(set) var projectionsLost: UInt64 = 0
    /// Batches that broke off, to be sent again.
    public internal(set) var interrupted: UInt64 = 0
    /// Terms that ended because another relay took over, or the lease ran out.
    public internal(set) var termsLost: UInt64 = 0

    public init() {}
}
