import Domain
import GRDB
import Storage

extension SQLiteStore: RemovalStore {
    public func endRemoved(limit: Int) async throws -> Int {
        try await write("ending requests of removed builders") { try $0.endRemoved(limit: limit) }
    }
}

extension SQLiteTransaction: RemovalTransaction {
    func unclaimedRequests(notOf builders: [String], limit: Int) throws -> [(request: RequestID, builder: String)] {
        // Indexes: requests_pending, asked for the classes of such builders alone; requests_open for those that wait.
        try all(
            """
            SELECT id, builder FROM (
                SELECT r.id, m.builder FROM match_classes m CROSS JOIN requests r ON r.match_class = m.id AND r.phase = 'pending'
                WHERE m.builder NOT IN (SELECT value FROM json_each(?1))
                UNION ALL
                SELECT id, builder FROM requests
                WHERE phase = 'waiting' AND phase <> 'finished' AND builder NOT IN (SELECT value FROM json_each(?1)))
            ORDER BY id LIMIT ?2
            """,
            [JSONText.encode(builders), limit]
        ).map { (RequestID($0[0]), $0[1]) }
    }
}
