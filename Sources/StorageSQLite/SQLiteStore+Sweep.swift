import GRDB
import Storage

extension SQLiteStore: SweepStore {
    // Each question ends at the first row of a table or partial index that holds only what is open.
    public func openWork() async throws -> OpenWork {
        try await readOnce("looking for open work") { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT EXISTS (SELECT 1 FROM unclassified), EXISTS (SELECT 1 FROM quiet_times WHERE fires IS NOT NULL),
                        EXISTS (SELECT 1 FROM requests WHERE phase = 'pending'), EXISTS (SELECT 1 FROM builds WHERE phase <> 'finished'),
                        EXISTS (SELECT 1 FROM awaited), EXISTS (SELECT 1 FROM triggered),
                        EXISTS (SELECT 1 FROM requests WHERE deadline IS NOT NULL AND claimed IS NULL AND phase <> 'finished'),
                        (SELECT version FROM access WHERE one = 1)
                    """)
            guard let row = try Row.fetchOne(statement) else {
                throw StoreError.internalError("a question without tables had no answer")
            }
            return OpenWork(
                unclassified: row[0], quiet: row[1], pendingRequests: row[2], openBuilds: row[3], awaited: row[4], triggered: row[5],
                deadlines: row[6], access: row[7])
        }
    }
}
