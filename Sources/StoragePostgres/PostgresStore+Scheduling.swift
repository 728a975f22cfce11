import Domain
import Storage

extension PostgresStore: SchedulingStore {
    public func classify(limit: Int, planner: Planner) async throws -> SchedulingResult {
        try await write("classifying changes") { try $0.classify(limit: limit, planner: planner) }
    }

    /// A change counts for a quiet time when it was accepted before the time ended, and it is visible only once its transaction has committed. So before a
    /// time fires, the lock that every acceptance shares is taken alone: whoever held it has committed then, and whoever takes it later is later. Only
    /// quiet times that had ended by that moment are fired.
    public func fireQuietTimes(limit: Int, planner: Planner) async throws -> SchedulingResult {
        let due = try await read("looking for quiet times") { sql in
            try sql.first("SELECT min(fires) FROM quiet_times WHERE fires IS NOT NULL")?.optionalInt64(0)
        }
        guard let due else { return SchedulingResult(taken: 0, buildsets: [], nextDue: nil) }
        guard try await now().microseconds >= due else {
            return SchedulingResult(taken: 0, buildsets: [], nextDue: Timestamp(microseconds: due))
        }
        let settled = try await pool.transaction("waiting for changes that are being accepted") { sql in
            try sql.pipeline([
                ("SELECT pg_advisory_xact_lock(\(PostgresStoreTransaction.acceptance))", []), ("SELECT \(PostgresStore.clock)", []),
            ])[1].first?.time(0)
        }
        let bound = manualClock?.now() ?? settled ?? Timestamp(microseconds: 0)
        return try await write("firing quiet times") { try $0.fireQuietTimes(limit: limit, planner: planner, acceptedUntil: bound) }
    }
}

extension PostgresStoreTransaction: SchedulingTransaction {
    func takeUnclassified(limit: Int) throws -> [Change] {
        try sql.all(
            """
            SELECT \(Change.columns) FROM unclassified u JOIN changes c ON c.id = u.change ORDER BY u.change LIMIT $1 FOR UPDATE OF u SKIP LOCKED
            """,
            [.integer(limit)]
        ).map { try Change(stored: $0) }
    }

    func forgetUnclassified(_ changes: [Change]) throws {
        sql.later("DELETE FROM unclassified WHERE change = ANY ($1::bigint[])", [.integers(changes.map(\.id.rawValue))])
    }

    func quietTimes(_ keys: [QuietKey]) throws -> [QuietKey: QuietTime] {
        let columns: [PostgresValue] = [
            .texts(keys.map(\.scheduler)), .texts(keys.map(\.codebase)), .texts(keys.map(\.repository)), .texts(keys.map(\.branch)),
        ]
        // Each row has to be there to be locked; made and locked in the order of the keys.
        let rows = try sql.pipeline([
            (
                """
                INSERT INTO quiet_times (scheduler, codebase, repository, branch, generation)
                SELECT scheduler, codebase, repository, branch, 0
                FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS j (scheduler, codebase, repository, branch, place)
                ORDER BY place ON CONFLICT (scheduler, codebase, repository, branch) DO NOTHING
                """, columns
            ),
            (
                """
                SELECT q.scheduler, q.codebase, q.repository, q.branch, q.generation, q.fires
                FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS j (scheduler, codebase, repository, branch)
                JOIN quiet_times q USING (scheduler, codebase, repository, branch) ORDER BY q.id FOR UPDATE OF q
                """, columns
            ),
        ])
        return rows[1].reduce(into: [:]) { times, row in
            let key = QuietKey(scheduler: row.string(0), codebase: row.string(1), repository: row.string(2), branch: row.string(3))
            times[key] = QuietTime(key: key, generation: row.int64(4), fires: row.optionalTime(5), changes: [])
        }
    }

    func keep(_ time: QuietTime) throws {
        let key = time.key
        sql.later(
            """
            WITH kept AS (
                UPDATE quiet_times SET fires = $5 WHERE scheduler = $1 AND codebase = $2 AND repository = $3 AND branch = $4 RETURNING id
            )
            INSERT INTO quiet_changes (quiet, change) SELECT kept.id, change FROM kept, unnest($6::bigint[]) AS change ON CONFLICT DO NOTHING
            """,
            [
                .text(key.scheduler), .text(key.codebase), .text(key.repository), .text(key.branch), .integer(time.fires?.microseconds),
                .integers(time.changes.map(\.rawValue)),
            ])
    }

    func oldestUnclassified() throws -> Timestamp? {
        try sql.first("SELECT min(accepted) FROM unclassified")?.optionalTime(0)
    }

    func dueQuietTimes(until bound: Timestamp, limit: Int) throws -> [DueQuietTime] {
        try sql.all(
            """
            SELECT id, scheduler, codebase, repository, branch, generation, fires FROM quiet_times
            WHERE fires IS NOT NULL AND fires <= $1 ORDER BY fires, id LIMIT $2 FOR UPDATE SKIP LOCKED
            """,
            [.integer(bound.microseconds), .integer(limit)]
        ).map { row in
            DueQuietTime(
                id: row.int64(0),
                key: QuietKey(scheduler: row.string(1), codebase: row.string(2), repository: row.string(3), branch: row.string(4)),
                generation: row.int64(5), fires: row.time(6))
        }
    }

    func changes(waitingFor quiet: Int64) throws -> [Change] {
        try sql.all(
            "SELECT \(Change.columns) FROM quiet_changes q JOIN changes c ON c.id = q.change WHERE q.quiet = $1 ORDER BY c.id", [.integer(quiet)]
        ).map { try Change(stored: $0) }
    }

    func clearQuietTime(_ quiet: Int64) throws {
        sql.later("DELETE FROM quiet_changes WHERE quiet = $1", [.integer(quiet)])
        sql.later("UPDATE quiet_times SET generation = generation + 1, fires = NULL WHERE id = $1", [.integer(quiet)])
    }

    func nextQuietTime(after: Timestamp?) throws -> Timestamp? {
        try sql.first(
            "SELECT fires FROM quiet_times WHERE fires IS NOT NULL AND fires > $1 ORDER BY fires LIMIT 1", [.integer(after?.microseconds ?? .min)]
        )?.optionalTime(0)
    }
}
