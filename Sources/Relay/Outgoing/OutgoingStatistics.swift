import Domain

/// What this process sent to one subscriber.
public struct OutgoingStatistics: Hashable, Sendable {
    public var isLeading = false
    public var sent: UInt64 = 0
    /// Tries that failed.
    public var failed: UInt64 = 0
    public var givenUp: UInt64 = 0
    /// Terms that ended because another process took over.
    public var termsLost: UInt64 = 0
    /// Set aside at the moment, as far as this process leads.
    public var waiting = 0
    /// Since when nothing arrived.
    public var failingSince: Timestamp?

    public init() {}
}
