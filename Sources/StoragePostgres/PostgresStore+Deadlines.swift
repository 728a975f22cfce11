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
    /// Index: requests_deadline, which holds only those that wait; the unique (request, attempt) of builds.
    fileprivate static let unbegun = """
        SELECT r.id, r.deadline, r.created FROM requests r
        WHERE r.deadline IS NOT NULL AND r.claimed IS NULL AND r.phase <> 'finished'
            AND (SELECT max(b.started) FROM builds b WHERE b.request = r.id) IS NULL
        ORDER BY r.deadline LIMIT $1
        """

    func unbegunRequests(limit: Int) throws -> [UnbegunRequest] {
        try sql.all(Self.unbegun, [.integer(limit)]).map {
            UnbegunRequest(request: RequestID($0.int64(0)), deadline: $0.time(1), created: $0.time(2))
        }
    }
}
