import Domain
import GRDB
import Storage

extension SQLiteStore: SchedulingStore {
    public func classify(limit: Int, planner: Planner) async throws -> SchedulingResult {
        // One writer: whatever was accepted before a change is visible with it.
        try await write("classifying changes") { try $0.classify(limit: limit, planner: planner, settled: ChangeID(.max)) }
            ?? SchedulingResult(taken: 0, buildsets: [])
    }

    public func fireQuietTimes(limit: Int, planner: Planner) async throws -> SchedulingResult {
        try await write("firing quiet times") { try $0.fireQuietTimes(limit: limit, planner: planner, acceptedUntil: $0.now) }
    }

    public func followEnds(limit: Int) async throws -> SchedulingResult {
        try await write("following the ends of buildsets") { try $0.followEnds(limit: limit) }
    }

    public func fireSchedules(zone: @escaping @Sendable (String) -> ZoneRule?) async throws -> SchedulingResult {
        try await write("firing rules of the clock") { try $0.fireSchedules(zone: zone) }
    }
}

extension SQLiteTransaction: ScheduleTransaction {
    func schedules(_ schedulers: [String]) throws -> [String: ScheduleState] {
        try all(
            "SELECT scheduler, key, due, last_change FROM schedules WHERE scheduler IN (SELECT value FROM json_each(?))",
            [JSONText.encode(schedulers)]
        ).reduce(into: [:]) { states, row in
            states[row[0]] = ScheduleState(
                scheduler: row[0], key: row[1], due: Timestamp(microseconds: row[2]), lastChange: (row[3] as Int64?).map { ChangeID($0) })
        }
    }

    func add(_ states: [ScheduleState]) throws {
        for state in states {
            try run(
                "INSERT INTO schedules (scheduler, key, due, last_change) VALUES (?, ?, ?, ?) ON CONFLICT (scheduler) DO NOTHING",
                [state.scheduler, state.key, state.due.microseconds, state.lastChange?.rawValue])
        }
    }

    func update(_ states: [ScheduleState]) throws {
        for state in states {
            try run(
                "UPDATE schedules SET key = ?, due = ?, last_change = ? WHERE scheduler = ?",
                [state.key, state.due.microseconds, state.lastChange?.rawValue, state.scheduler])
        }
    }

    func newestChange(branch: String, repository: String?) throws -> Change? {
        // Index: changes_branch.
        try first(
            """
            SELECT \(Change.columns) FROM changes c WHERE c.branch = ?1 AND (?2 IS NULL OR c.repository = ?2)
                AND c.category <> '\(PullProperty.category)' AND json_extract(c.properties, '$.\(PullProperty.untrusted)') IS NOT 1
            ORDER BY c.id DESC LIMIT 1
            """,
            [branch, repository]
        ).map { try Change(stored: $0) }
    }
}

extension SQLiteTransaction: CompletionTransaction {
    func takeAwaitedEnds(limit: Int) throws -> [AwaitedEnd] {
        try all(
            """
            SELECT b.id, b.outcome, b.author, b.comments FROM awaited a JOIN buildsets b ON b.id = a.buildset
            WHERE b.finished IS NOT NULL ORDER BY b.id LIMIT ?
            """, [limit]
        ).map { row in
            let word: String = row[1]
            guard let outcome = Outcome(rawValue: word) else { throw StoreError.internalError("a buildset has no known outcome") }
            return AwaitedEnd(buildset: BuildsetID(row[0]), outcome: outcome, author: row[2], comments: row[3])
        }
    }

    func forgetAwaited(_ buildsets: [BuildsetID]) throws {
        for buildset in buildsets { try run("DELETE FROM awaited WHERE buildset = ?", [buildset.rawValue]) }
    }

    func expectEnds(of buildsets: [BuildsetID]) throws {
        for buildset in buildsets { try run("INSERT INTO awaited (buildset) VALUES (?)", [buildset.rawValue]) }
    }
}

extension SQLiteTransaction: SchedulingTransaction {
    /// One writer: the order of the ids is the order of acceptance.
    func takeUnclassified(limit: Int, until last: ChangeID) throws -> [Change] {
        try all(
            "SELECT \(Change.columns) FROM unclassified u JOIN changes c ON c.id = u.change WHERE u.change <= ? ORDER BY u.change LIMIT ?",
            [last.rawValue, limit]
        ).map { try Change(stored: $0) }
    }

    func latestChanges(_ keys: [LatestKey]) throws -> [LatestKey: LatestChange] {
        try keys.reduce(into: [:]) { latest, key in
            // Index: changes_codebase.
            latest[key] = try first(
                """
                SELECT c.project, c.revision FROM changes c WHERE c.repository = ? AND c.branch = ? AND c.id <= ?
                    AND c.category <> '\(PullProperty.category)' AND json_extract(c.properties, '$.\(PullProperty.untrusted)') IS NOT 1
                ORDER BY c.id DESC LIMIT 1
                """, [key.repository, key.branch, key.upTo.rawValue]
            ).map { LatestChange(project: $0[0], revision: $0[1]) }
        }
    }

    func forgetUnclassified(_ changes: [Change]) throws {
        guard let first = changes.first, let last = changes.last else { return }
        try run("DELETE FROM unclassified WHERE change BETWEEN ? AND ?", [first.id.rawValue, last.id.rawValue])
    }

    func quietTimes(_ keys: [QuietKey]) throws -> [QuietKey: QuietTime] {
        var times: [QuietKey: QuietTime] = [:]
        for key in keys {
            let row = try first(
                "SELECT generation, fires FROM quiet_times WHERE scheduler = ? AND codebase = ? AND repository = ? AND branch = ?",
                [key.scheduler, key.codebase, key.repository, key.branch])
            guard let row else { continue }
            times[key] = QuietTime(
                key: key, generation: row[0], fires: (row[1] as Int64?).map { Timestamp(microseconds: $0) }, changes: [])
        }
        return times
    }

    func keep(_ times: [QuietTime]) throws {
        for time in times { try keep(time) }
    }

    private func keep(_ time: QuietTime) throws {
        let key = time.key
        let id = try value(
            Int64.self,
            """
            INSERT INTO quiet_times (scheduler, codebase, repository, branch, generation, fires) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (scheduler, codebase, repository, branch) DO UPDATE SET fires = excluded.fires RETURNING id
            """,
            [key.scheduler, key.codebase, key.repository, key.branch, time.generation, time.fires?.microseconds])
        for change in time.changes {
            try run("INSERT INTO quiet_changes (quiet, change) VALUES (?, ?) ON CONFLICT DO NOTHING", [id, change.rawValue])
        }
    }

    func oldestUnclassified() throws -> Timestamp? {
        try value(Int64.self, "SELECT min(accepted) FROM unclassified").map { Timestamp(microseconds: $0) }
    }

    func dueQuietTimes(until bound: Timestamp, limit: Int) throws -> [DueQuietTime] {
        try all(
            """
            SELECT id, scheduler, codebase, repository, branch, generation, fires FROM quiet_times
            WHERE fires IS NOT NULL AND fires <= ? ORDER BY fires, id LIMIT ?
            """,
            [bound.microseconds, limit]
        ).map { row in
            DueQuietTime(
                id: row[0], key: QuietKey(scheduler: row[1], codebase: row[2], repository: row[3], branch: row[4]), generation: row[5],
                fires: Timestamp(microseconds: row[6]))
        }
    }

    func changes(waitingFor quiet: [Int64]) throws -> [Int64: [Change]] {
        try quiet.reduce(into: [:]) { changes, quiet in
            changes[quiet] = try all(
                "SELECT \(Change.columns) FROM quiet_changes q JOIN changes c ON c.id = q.change WHERE q.quiet = ? ORDER BY c.id", [quiet]
            ).map { try Change(stored: $0) }
        }
    }

    func clearQuietTimes(_ quiet: [Int64]) throws {
        for quiet in quiet {
            try run("DELETE FROM quiet_changes WHERE quiet = ?", [quiet])
            try run("UPDATE quiet_times SET generation = generation + 1, fires = NULL WHERE id = ?", [quiet])
        }
    }

    /// One writer.
    func lockBranches(_ branches: [SupersededBranch]) {}

    func olderRequests(than newest: ChangeID, on branch: SupersededBranch, claimed: Bool, limit: Int) throws -> [OlderRequest] {
        // Index: buildsets_open.
        try all(
            """
            SELECT b.id, r.id FROM buildsets b JOIN source_stamps s ON s.id = b.stamp JOIN requests r ON r.buildset = b.id
            WHERE b.finished IS NULL AND json_extract(b.changes, '$[#-1]') < ? AND b.scheduler = ? AND b.branch = ? AND s.repository = ?
                AND s.codebase = ? AND b.line IS ? AND r.phase <> 'finished' AND (? OR r.phase <> 'claimed')
            ORDER BY b.id, r.id LIMIT ?
            """,
            [newest.rawValue, branch.scheduler, branch.branch, branch.repository, branch.codebase, branch.line, claimed, limit]
        ).map { OlderRequest(buildset: BuildsetID($0[0]), request: RequestID($0[1])) }
    }

    func newerBuildset(than newest: ChangeID, on branch: SupersededBranch) throws -> BuildsetID? {
        // Index: buildsets_open.
        try value(
            Int64.self,
            """
            SELECT b.id FROM buildsets b JOIN source_stamps s ON s.id = b.stamp
            WHERE b.finished IS NULL AND json_extract(b.changes, '$[#-1]') > ? AND b.scheduler = ? AND b.branch = ? AND s.repository = ?
                AND s.codebase = ? AND b.line IS ?
            ORDER BY b.id DESC LIMIT 1
            """,
            [newest.rawValue, branch.scheduler, branch.branch, branch.repository, branch.codebase, branch.line]
        ).map { BuildsetID($0) }
    }

    func nextQuietTime(after: Timestamp?) throws -> Timestamp? {
        try value(
            Int64.self, "SELECT fires FROM quiet_times WHERE fires IS NOT NULL AND fires > ? ORDER BY fires LIMIT 1",
            [after?.microseconds ?? .min]
        ).map { Timestamp(microseconds: $0) }
    }
}
