/// What a dispatcher has done since its start, and whom it serves now: for metrics.
public struct DispatchFigures: Hashable, Sendable {
    public var sessions: Int
    public var waitingSlots: Int
    public var claimed: Int
    public var lost: Int
    /// Calls with reports, and the transactions that they were combined into.
    public var reports: UInt64
    public var reportBatches: UInt64
}
