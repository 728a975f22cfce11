import Domain
import Storage

extension PostgresStore: DeadlineStore {
    public func endOverdue(limit: Int) async throws -> DeadlineResult {
        let seen = try await pool.single(
            "looking for deadlines", "SELECT u.deadline, coalesce($2, \(Self.clock)) FROM (\(PostgresStoreTransaction.unbegun)) u",
            [.integer(1), clockArgument]
        ) { rows in rows.first.map { (next: $0.time(0), now: $0.time(1)) } }
        // Nothing to end is the usual case: then nothing is locked or written.
        guard let seen, seen.next <= seen.now else { return DeadlineResult(ended: 0, nextDue: seen?.next) }
        return try await write("ending overdue requests") { try $0.endOverdue(limit: limit) }
    }
}

extension PostgresStoreTransaction: DeadlineTransaction {
    /// Index: requests_deadline, which holds only these.
    fileprivate static let unbegun = """
        SELECT id, deadline, created FROM requests WHERE deadline IS NOT NULL AND fence = 0 AND phase <> 'finished' ORDER BY deadline LIMIT $1
        """

    func unbegunRequests(limit: Int) throws -> [UnbegunRequest] {
        try sql.all(Self.unbegun, [.integer(limit)]).map {
            UnbegunRequest(request: RequestID($0.int64(0)), deadline: $0.time(1), created: $0.time(2))
        }
    }
}
