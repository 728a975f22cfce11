import Domain
import Storage

extension PostgresStore: SchedulingStore {
    public func classify(limit: Int, planner: Planner) async throws -> SchedulingResult {
        // Rules of several codebases are asked for first; where this process has not heard of them yet, its transaction tells.
        if !(applied.withLock { $0 }?.configuration ?? planner.configuration).buildsCodebases {
            let result = try await write("classifying changes") { try $0.classify(limit: limit, planner: planner, settled: nil) }
            if let result { return result }
        }
        let settled = try await settledChange()
        return try await write("classifying changes") { try $0.classify(limit: limit, planner: planner, settled: settled) }
            ?? SchedulingResult(taken: 0, buildsets: [])
    }

    /// The newest change of which it is certain that every earlier one is visible, too: whoever accepts holds a lock that is taken alone here for a moment,
    /// and gets its numbers under it.
    private func settledChange() async throws -> ChangeID {
        try await pool.transaction("waiting for changes that are being accepted") { sql in
            try sql.pipeline([
                ("SELECT pg_advisory_xact_lock(\(PostgresStoreTransaction.acceptance))", []),
                ("SELECT coalesce(max(change), 0) FROM unclassified", []),
            ])[1].first.map { ChangeID($0.int64(0)) } ?? ChangeID(0)
        }
    }

    /// A change counts for a quiet time when it was accepted before the time ended, and it is visible only once its transaction has committed. So before a
    /// time fires, the lock that every acceptance shares is taken alone: whoever held it has committed then, and whoever takes it later is later. Only
    /// quiet times that had ended by that moment are fired.
    public func fireQuietTimes(limit: Int, planner: Planner) async throws -> SchedulingResult {
        // Index: quiet_times_due.
        let first = try await pool.single(
            "looking for quiet times", "SELECT min(fires), coalesce($1, \(Self.clock)) FROM quiet_times WHERE fires IS NOT NULL", [clockArgument]
        ) { rows in rows.first.flatMap { row in row.optionalTime(0).map { (due: $0, now: row.time(1)) } } }
        guard let first else { return SchedulingResult(taken: 0, buildsets: [], nextDue: nil) }
        guard first.now >= first.due else { return SchedulingResult(taken: 0, buildsets: [], nextDue: first.due) }
        let settled = try await pool.transaction("waiting for changes that are being accepted") { sql in
            try sql.pipeline([
                ("SELECT pg_advisory_xact_lock(\(PostgresStoreTransaction.acceptance))", []), ("SELECT \(PostgresStore.clock)", []),
            ])[1].first?.time(0)
        }
        let bound = manualClock?.now() ?? settled ?? Timestamp(microseconds: 0)
        return try await write("firing quiet times") { try $0.fireQuietTimes(limit: limit, planner: planner, acceptedUntil: bound) }
    }

    public func followEnds(limit: Int) async throws -> SchedulingResult {
        try await write("following the ends of buildsets") { try $0.followEnds(limit: limit) }
    }

    public func fireSchedules(zone: @escaping @Sendable (String) -> ZoneRule?) async throws -> SchedulingResult {
        try await write("firing rules of the clock") { try $0.fireSchedules(zone: zone) }
    }
}

extension PostgresStoreTransaction: ScheduleTransaction {
    func schedules(_ schedulers: [String]) throws -> [String: ScheduleState] {
        try sql.all(
            "SELECT scheduler, key, due, last_change FROM schedules WHERE scheduler = ANY ($1::text[]) ORDER BY scheduler FOR UPDATE",
            [.texts(schedulers)]
        ).reduce(into: [:]) { states, row in
            states[row.string(0)] = ScheduleState(
                scheduler: row.string(0), key: row.string(1), due: row.time(2), lastChange: row.optionalInt64(3).map { ChangeID($0) })
        }
    }

    func add(_ states: [ScheduleState]) throws {
        sql.later(
            """
            INSERT INTO schedules (scheduler, key, due, last_change)
            SELECT scheduler, key, due, last_change FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
                WITH ORDINALITY AS j (scheduler, key, due, last_change, place) ORDER BY place
            ON CONFLICT (scheduler) DO NOTHING
            """, Self.columns(states))
    }

    func update(_ states: [ScheduleState]) throws {
        sql.later(
            """
            UPDATE schedules SET key = j.key, due = j.due, last_change = j.last_change
            FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS j (scheduler, key, due, last_change)
            WHERE schedules.scheduler = j.scheduler
            """, Self.columns(states))
    }

    private static func columns(_ states: [ScheduleState]) -> [PostgresValue] {
        [
            .texts(states.map(\.scheduler)), .texts(states.map(\.key)), .integers(states.map(\.due.microseconds)),
            .integers(states.map { $0.lastChange?.rawValue }),
        ]
    }

    func newestChange(branch: String, repository: String?) throws -> Change? {
        // Index: changes_branch.
        try sql.first(
            """
            SELECT \(Change.columns) FROM changes c WHERE c.branch = $1 AND ($2::text IS NULL OR c.repository = $2)
                AND c.category <> '\(PullProperty.category)' AND coalesce(c.properties->>'\(PullProperty.untrusted)', '') <> 'true'
            ORDER BY c.id DESC LIMIT 1
            """,
            [.text(branch), .text(repository)]
        ).map { try Change(stored: $0) }
    }
}

extension PostgresStoreTransaction: CompletionTransaction {
    func takeAwaitedEnds(limit: Int) throws -> [AwaitedEnd] {
        try sql.all(
            """
            SELECT b.id, b.outcome, b.author, b.comments FROM awaited a JOIN buildsets b ON b.id = a.buildset
            WHERE b.finished IS NOT NULL ORDER BY b.id LIMIT $1 FOR UPDATE OF a SKIP LOCKED
            """, [.integer(limit)]
        ).map { row in
            guard let outcome = Outcome(rawValue: row.string(1)) else { throw StoreError.internalError("a buildset has no known outcome") }
            return AwaitedEnd(buildset: BuildsetID(row.int64(0)), outcome: outcome, author: row.string(2), comments: row.string(3))
        }
    }

    func forgetAwaited(_ buildsets: [BuildsetID]) {
        sql.later("DELETE FROM awaited WHERE buildset = ANY ($1::bigint[])", [.integers(buildsets.map(\.rawValue))])
    }

    func expectEnds(of buildsets: [BuildsetID]) {
        sql.later("INSERT INTO awaited (buildset) SELECT unnest($1::bigint[])", [.integers(buildsets.map(\.rawValue))])
    }
}

extension PostgresStoreTransaction: SchedulingTransaction {
    func takeUnclassified(limit: Int, until last: ChangeID) throws -> [Change] {
        try sql.all(
            """
            SELECT \(Change.columns) FROM (SELECT change FROM unclassified WHERE change <= $2 ORDER BY change LIMIT $1 FOR UPDATE SKIP LOCKED) u
            JOIN changes c ON c.id = u.change ORDER BY c.id
            """,
            [.integer(limit), .integer(last.rawValue)]
        ).map { try Change(stored: $0) }
    }

    func latestChanges(_ keys: [LatestKey]) throws -> [LatestKey: LatestChange] {
        // Index: changes_codebase.
        try sql.all(
            """
            SELECT j.place, n.project, n.revision
            FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS j (repository, branch, up_to, place)
            CROSS JOIN LATERAL (
                SELECT c.project, c.revision FROM changes c
                WHERE c.repository = j.repository AND c.branch = j.branch AND c.id <= j.up_to AND c.category <> '\(PullProperty.category)'
                    AND coalesce(c.properties->>'\(PullProperty.untrusted)', '') <> 'true'
                ORDER BY c.id DESC LIMIT 1) n
            """,
            [.texts(keys.map(\.repository)), .texts(keys.map(\.branch)), .integers(keys.map(\.upTo.rawValue))]
        ).reduce(into: [:]) { $0[keys[$1.int(0) - 1]] = LatestChange(project: $1.string(1), revision: $1.string(2)) }
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

    func keep(_ times: [QuietTime]) throws {
        let keys = times.map(\.key)
        let changes = times.enumerated().flatMap { place, time in time.changes.map { (place: Int64(place + 1), change: $0.rawValue) } }
        // The rows are locked since `quietTimes`.
        sql.later(
            """
            WITH kept AS (
                UPDATE quiet_times q SET fires = j.fires
                FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
                    WITH ORDINALITY AS j (scheduler, codebase, repository, branch, fires, place)
                WHERE q.scheduler = j.scheduler AND q.codebase = j.codebase AND q.repository = j.repository AND q.branch = j.branch
                RETURNING q.id, j.place
            )
            INSERT INTO quiet_changes (quiet, change)
            SELECT kept.id, c.change FROM kept JOIN unnest($6::bigint[], $7::bigint[]) AS c (place, change) USING (place) ON CONFLICT DO NOTHING
            """,
            [
                .texts(keys.map(\.scheduler)), .texts(keys.map(\.codebase)), .texts(keys.map(\.repository)), .texts(keys.map(\.branch)),
                .integers(times.map { $0.fires?.microseconds }), .integers(changes.map(\.place)), .integers(changes.map(\.change)),
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

    func changes(waitingFor quiet: [Int64]) throws -> [Int64: [Change]] {
        try sql.all(
            """
            SELECT q.quiet, \(Change.columns) FROM quiet_changes q JOIN changes c ON c.id = q.change WHERE q.quiet = ANY ($1::bigint[])
            ORDER BY q.quiet, c.id
            """,
            [.integers(quiet)]
        ).reduce(into: [:]) { $0[$1.int64(0), default: []].append(try Change(stored: $1, from: 1)) }
    }

    func clearQuietTimes(_ quiet: [Int64]) throws {
        sql.later("DELETE FROM quiet_changes WHERE quiet = ANY ($1::bigint[])", [.integers(quiet)])
        sql.later("UPDATE quiet_times SET generation = generation + 1, fires = NULL WHERE id = ANY ($1::bigint[])", [.integers(quiet)])
    }

    func lockBranches(_ branches: [SupersededBranch]) throws {
        for branch in branches {
            let names = [branch.scheduler, branch.codebase, branch.repository, branch.branch] + (branch.line.map { [$0] } ?? [])
            let name = names.map { "\($0.utf8.count):\($0)" }.joined()
            sql.later("SELECT pg_advisory_xact_lock(1685021554, hashtext($1))", [.text("branch " + name)])
        }
    }

    func olderRequests(than newest: ChangeID, on branch: SupersededBranch, claimed: Bool, limit: Int) throws -> [OlderRequest] {
        // Index: buildsets_open.
        try sql.all(
            """
            SELECT b.id, r.id FROM buildsets b JOIN source_stamps s ON s.id = b.stamp JOIN requests r ON r.buildset = b.id
            WHERE b.finished IS NULL AND (b.changes->>-1)::bigint < $1 AND b.scheduler = $2 AND b.branch = $3 AND s.repository = $4
                AND s.codebase = $5 AND b.line IS NOT DISTINCT FROM $8 AND r.phase <> 'finished' AND ($6 OR r.phase <> 'claimed')
            ORDER BY b.id, r.id LIMIT $7
            """,
            [
                .integer(newest.rawValue), .text(branch.scheduler), .text(branch.branch), .text(branch.repository), .text(branch.codebase),
                .boolean(claimed), .integer(limit), .text(branch.line),
            ]
        ).map { OlderRequest(buildset: BuildsetID($0.int64(0)), request: RequestID($0.int64(1))) }
    }

    func newerBuildset(than newest: ChangeID, on branch: SupersededBranch) throws -> BuildsetID? {
        // Index: buildsets_open.
        try sql.first(
            """
            SELECT b.id FROM buildsets b JOIN source_stamps s ON s.id = b.stamp
            WHERE b.finished IS NULL AND (b.changes->>-1)::bigint > $1 AND b.scheduler = $2 AND b.branch = $3 AND s.repository = $4
                AND s.codebase = $5 AND b.line IS NOT DISTINCT FROM $6
            ORDER BY b.id DESC LIMIT 1
            """,
            [
                .integer(newest.rawValue), .text(branch.scheduler), .text(branch.branch), .text(branch.repository), .text(branch.codebase),
                .text(branch.line),
            ]
        ).map { BuildsetID($0.int64(0)) }
    }

    func nextQuietTime(after: Timestamp?) throws -> Timestamp? {
        try sql.first(
            "SELECT fires FROM quiet_times WHERE fires IS NOT NULL AND fires > $1 ORDER BY fires LIMIT 1", [.integer(after?.microseconds ?? .min)]
        )?.optionalTime(0)
    }
}
