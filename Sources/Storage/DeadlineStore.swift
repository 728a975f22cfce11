import Domain

/// What becomes of requests that no build has begun by their deadline.
public protocol DeadlineStore: Sendable {
    /// Ends those as `cancelled` and with the reason: at most `limit` of them, the first due first.
    func endOverdue(limit: Int) async throws -> DeadlineResult
}

public struct DeadlineResult: Hashable, Sendable {
    public var ended: Int
    /// The next deadline of a request that waits.
    public var nextDue: Timestamp?

    public init(ended: Int, nextDue: Timestamp?) {
        self.ended = ended
        self.nextDue = nextDue
    }
}
