import Storage

/// The store of a process, with what depends on its kind.
struct OpenedStore: Sendable {
    var store: any Store
    /// The same store as a relay sees it; nil where nothing has to be relayed.
    var relay: (any RelayStore)?
    /// The clock that leases end by, as this process sees it.
    var clock: any StoreClock
    /// Other processes work on the same database.
    var isShared: Bool
    /// Where the data is, for people; no secrets.
    var place: String
    /// Calls back, from any thread, when the database was away and is back.
    var onReconnect: @Sendable (_ told: @escaping @Sendable () -> Void) -> Void
    var addMetrics: MetricSource
}
