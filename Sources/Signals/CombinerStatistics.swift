/// What a combiner has done since it was made, for metrics.
public struct CombinerStatistics: Hashable, Sendable {
    public internal(set) var batches: UInt64 = 0
    /// Submissions that were handed over in batches.
    public internal(set) var processed: UInt64 = 0
    public internal(set) var largestBatch = 0
    /// Submissions refused because too many waited.
    public internal(set) var refused: UInt64 = 0

    public init() {}
}
