/// When a build's lease has ended (DESIGN §1, rule 5): a lease runs only while it could have been renewed.
public struct LeaseRule: Hashable, Sendable {
    /// How long a build may go without a renewal.
    public var period: Duration
    /// How long an outage of ours may extend a lease.
    public var survive: Duration
    /// How long a worker may take to accept a build.
    public var acceptWithin: Duration

    public init(period: Duration = .seconds(30), survive: Duration = .seconds(600), acceptWithin: Duration = .seconds(30)) {
        self.period = period
        self.survive = survive
        self.acceptWithin = acceptWithin
    }

    /// The moment the lease ends, given the last renewal and since when the store and a dispatcher have been reachable without a gap.
    public func end(renewed: Timestamp, reachableSince: Timestamp) -> Timestamp {
        min(max(renewed, reachableSince).advanced(by: period), renewed.advanced(by: period + survive))
    }

    /// A renewal at or before this moment is over. The inverse of `end`, for a query over many rows.
    public func expiredBefore(now: Timestamp, reachableSince: Timestamp) -> Timestamp {
        let outage = now.advanced(by: .zero - (period + survive))
        guard now >= reachableSince.advanced(by: period) else { return outage }
        return max(outage, now.advanced(by: .zero - period))
    }
}
