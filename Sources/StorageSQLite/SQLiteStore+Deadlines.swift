import Domain
import GRDB
import Storage

extension SQLiteStore: DeadlineStore {
    public func endOverdue(limit: Int) async throws -> DeadlineResult {
        let next = try await read("looking for deadlines") { db in
            try Row.fetchAll(db.cachedStatement(sql: SQLiteTransaction.unbegun), arguments: [1]).first.map { Timestamp(microseconds: $0[1]) }
        }
        // Nothing to end is the usual case: then nothing is written.
        guard let next, next <= clock.now() else { return DeadlineResult(ended: 0, nextDue: next) }
        return try await write("ending overdue requests") { try $0.endOverdue(limit: limit) }
    }
}

extension SQLiteTransaction: DeadlineTransaction {
    /// Index: requests_deadline, which holds only those that wait; the unique (request, attempt) of builds.
    fileprivate static let unbegun = """
        SELECT r.id, r.deadline, r.created FROM requests r
        WHERE r.deadline IS NOT NULL AND r.claimed IS NULL AND r.phase <> 'finished'
            AND (SELECT max(b.started) FROM builds b WHERE b.request = r.id) IS NULL
        ORDER BY r.deadline LIMIT ?
        """

    func unbegunRequests(limit: Int) throws -> [UnbegunRequest] {
        try all(Self.unbegun, [limit]).map {
            UnbegunRequest(request: RequestID($0[0]), deadline: Timestamp(microseconds: $0[1]), created: Timestamp(microseconds: $0[2]))
        }
    }
}
