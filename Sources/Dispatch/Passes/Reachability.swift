import Domain

/// Since when this dispatcher could have been reached without a gap. Pure: it is told the time each second, and what the store did.
///
/// A gap is a process that stood still, a machine that slept, a wall clock that was set, or a store that failed. A lease runs only while it could
/// have been renewed, so that no lease is ended before one whole period after the last gap.
struct Reachability: Hashable, Sendable {
    /// A tick that comes later than this was not one of a running process.
    static let longestTick: Duration = .seconds(5)
    /// Clocks that disagree by more than this about the same second: one of them was set.
    static let largestDrift: Duration = .seconds(3)

    struct Moment: Hashable, Sendable {
        /// By the store's clock, which leases end by.
        var wall: Timestamp
        var monotonic: ContinuousClock.Instant
    }

    private(set) var since: Moment
    private var last: Moment
    private var storeFailed = false

    init(start: Moment) {
        since = start
        last = start
    }

    /// True when there was a gap before this tick.
    @discardableResult
    mutating func tick(_ now: Moment) -> Bool {
        let elapsed = last.monotonic.duration(to: now.monotonic)
        let drift = now.wall.since(last.wall) - elapsed
        last = now
        guard elapsed > Self.longestTick || drift > Self.largestDrift || drift < .zero - Self.largestDrift else { return false }
        since = now
        return true
    }

    mutating func storeDidFail() { storeFailed = true }

    mutating func storeDidAnswer(_ now: Moment) {
        guard storeFailed else { return }
        storeFailed = false
        since = now
    }

    /// False until workers have had a whole period to renew what they hold.
    func mayExpire(at now: Moment, period: Duration) -> Bool {
        !storeFailed && now.monotonic >= expiryBegins(period: period)
    }

    func expiryBegins(period: Duration) -> ContinuousClock.Instant { since.monotonic.advanced(by: period) }
}
