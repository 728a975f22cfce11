/// What a pool's connections did so far, for metrics.
public struct PostgresStatistics: Hashable, Sendable {
    /// Connections that were made, could not be made, and broke.
    public internal(set) var connects: UInt64 = 0
    public internal(set) var connectFailures: UInt64 = 0
    public internal(set) var connectionsLost: UInt64 = 0
    public internal(set) var statements: UInt64 = 0
    public internal(set) var roundTrips: UInt64 = 0
    /// Transactions that committed.
    public internal(set) var transactions: UInt64 = 0
    /// Transactions that were tried again.
    public internal(set) var retries: UInt64 = 0
    /// Connections that are open and in use, and callers that wait for one.
    public internal(set) var open = 0
    public internal(set) var busy = 0
    public internal(set) var waiting = 0
    /// The database was lost or cannot be reached, and is being tried.
    public internal(set) var isAway = false

    public init() {}
}
