import Domain
import GRDB
import Storage

extension SQLiteStore: SchedulingStore {
    public func classify(limit: Int, planner: Planner) async throws -> SchedulingResult {
        try await write("classifying changes") { transaction in
            // One writer: the order of the ids is the order of acceptance.
            let changes = try transaction.all(
                "SELECT \(Change.columns) FROM unclassified u JOIN changes c ON c.id = u.change ORDER BY u.change LIMIT ?", [limit]
            ).map(Change.init)
            var made: [BuildsetID] = []
            if let first = changes.first, let last = changes.last {
                let quiet = try transaction.quietTimes(planner.quietKeys(for: changes))
                made = try transaction.commit(planner.plan(changes: changes, quiet: quiet), of: changes, planner: planner)
                try transaction.run("DELETE FROM unclassified WHERE change BETWEEN ? AND ?", [first.id.rawValue, last.id.rawValue])
            }
            return SchedulingResult(taken: changes.count, buildsets: made, nextDue: try transaction.nextQuietTime())
        }
    }

    public func fireQuietTimes(limit: Int, planner: Planner) async throws -> SchedulingResult {
        try await write("firing quiet times") { transaction in
            // A change that came before the quiet time ended may belong to it: it has to be classified first, and that will say what is due next.
            let waiting = try transaction.value(Int64.self, "SELECT min(accepted) FROM unclassified")
            let bound = min(transaction.now.microseconds, waiting.map { $0 - 1 } ?? .max)
            let due = try transaction.all(
                """
                SELECT id, scheduler, codebase, repository, branch, generation, fires FROM quiet_times
                WHERE fires IS NOT NULL AND fires <= ? ORDER BY fires, id LIMIT ?
                """,
                [bound, limit])
            var made: [BuildsetID] = []
            for row in due {
                if let buildset = try transaction.fire(row, planner: planner) { made.append(buildset) }
            }
            let next = try transaction.nextQuietTime(after: waiting == nil ? nil : transaction.now)
            return SchedulingResult(taken: due.count, buildsets: made, nextDue: next)
        }
    }
}

extension SQLiteTransaction {
    fileprivate func quietTimes(_ keys: Set<QuietKey>) throws -> [QuietKey: QuietTime] {
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

    fileprivate func commit(_ plan: Plan, of changes: [Change], planner: Planner) throws -> [BuildsetID] {
        let configuration = applied?.configuration ?? planner.configuration
        let byID = Dictionary(changes.map { ($0.id, $0) }) { first, _ in first }
        var made: [BuildsetID] = []
        for buildset in plan.buildsets {
            let newest = buildset.changes.last.flatMap { byID[$0] }
            let created = try create(NewBuildset(buildset, newest: newest, byRule: true), configuration: configuration)
            if let created { made.append(created.context.id) }
        }
        for time in plan.quiet { try keep(time) }
        return made
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

    fileprivate func fire(_ row: Row, planner: Planner) throws -> BuildsetID? {
        let id: Int64 = row[0]
        let changes = try all(
            "SELECT \(Change.columns) FROM quiet_changes q JOIN changes c ON c.id = q.change WHERE q.quiet = ? ORDER BY c.id", [id]
        ).map(Change.init)
        let time = QuietTime(
            key: QuietKey(scheduler: row[1], codebase: row[2], repository: row[3], branch: row[4]), generation: row[5],
            fires: Timestamp(microseconds: row[6]), changes: changes.map(\.id))
        // No buildset when the rule is gone: what waited for it is let go.
        var made: BuildsetID?
        if let plan = planner.fire(time, changes: changes) {
            made = try create(
                NewBuildset(plan, newest: changes.last, byRule: true), configuration: applied?.configuration ?? planner.configuration
            )?.context.id
        }
        try run("DELETE FROM quiet_changes WHERE quiet = ?", [id])
        try run("UPDATE quiet_times SET generation = generation + 1, fires = NULL WHERE id = ?", [id])
        return made
    }

    /// When the next quiet time ends; those at or before `after` do not count.
    fileprivate func nextQuietTime(after: Timestamp? = nil) throws -> Timestamp? {
        try value(
            Int64.self, "SELECT fires FROM quiet_times WHERE fires IS NOT NULL AND fires > ? ORDER BY fires LIMIT 1",
            [after?.microseconds ?? .min]
        ).map { Timestamp(microseconds: $0) }
    }
}
