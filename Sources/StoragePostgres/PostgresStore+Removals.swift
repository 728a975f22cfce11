import Domain
import Storage

extension PostgresStore: RemovalStore {
    public func endRemoved(limit: Int) async throws -> Int {
        try await write("ending requests of removed builders") { try $0.endRemoved(limit: limit) }
    }
}

extension PostgresStoreTransaction: RemovalTransaction {
    func unclaimedRequests(notOf builders: [String], limit: Int) throws -> [(request: RequestID, builder: String)] {
        // Indexes: requests_pending, asked for the classes of such builders alone; requests_open for those that wait.
        try sql.all(
            """
            SELECT id, builder FROM (
                SELECT r.id, m.builder FROM match_classes m CROSS JOIN LATERAL (
                    SELECT id FROM requests WHERE match_class = m.id AND phase = 'pending' LIMIT $2) r
                WHERE m.builder <> ALL ($1::text[])
                UNION ALL
                SELECT id, builder FROM requests WHERE phase = 'waiting' AND builder <> ALL ($1::text[])) removed
            ORDER BY id LIMIT $2
            """,
            [.texts(builders), .integer(limit)]
        ).map { (RequestID($0.int64(0)), $0.string(1)) }
    }
}
