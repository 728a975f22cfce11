import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    /// One writer: what is read here is locked already.
    func builds(_ ids: [BuildID], ending: [BuildID]) throws -> [BuildID: OpenBuild] {
        let rows = try all(
            """
            SELECT \(OpenBuild.columns)
            FROM json_each(?) j CROSS JOIN builds b ON b.id = j.value JOIN requests r ON r.id = b.request
            """,
            [JSONText.list(ids)])
        return try rows.reduce(into: [:]) { $0[BuildID($1[0])] = try OpenBuild(stored: $1) }
    }

    func riders(of builds: [BuildID]) throws -> [Rider] {
        try all(
            "\(Rider.selection) WHERE answered_by IN (SELECT value FROM json_each(?)) AND finished IS NULL ORDER BY id", [JSONText.list(builds)]
        ).map { try Rider(stored: $0) }
    }

    func writeEnds(_ endings: [BuildEnding]) throws -> Int {
        try run(
            """
            UPDATE builds SET phase = 'finished', outcome = j.value ->> 'outcome', cause = j.value ->> 'cause', text = j.value ->> 'text',
                fence = j.value ->> 'fence', finish_key = j.value ->> 'key', finished = ?
            FROM json_each(?) j WHERE builds.id = (j.value ->> 'id') AND builds.phase <> 'finished'
            """,
            [now.microseconds, try JSONText.encode(endings.map(BuildEndRow.init))])
    }

    func closeSteps(of builds: [BuildID]) throws -> [StepFact] {
        let rows = try all(
            """
            UPDATE steps SET phase = 'finished', outcome = CASE b.outcome WHEN 'cancelled' THEN 'cancelled' ELSE 'exception' END, cause = b.cause,
                text = 'the build ended before this step did', finished = ?
            FROM builds b
            WHERE steps.build IN (SELECT value FROM json_each(?)) AND steps.phase = 'running' AND b.id = steps.build
            RETURNING steps.build, number, attempt, name, steps.outcome, steps.cause, steps.text
            """,
            [now.microseconds, JSONText.list(builds)])
        return rows.map { row in
            StepFact(
                build: BuildID(row[0]), builder: "", number: row[1], name: row[3], attempt: row[2], phase: .finished,
                outcome: (row[4] as String?).flatMap(Outcome.init), cause: (row[5] as String?).flatMap(Cause.init), text: row[6])
        }
    }

    func openLogs(of builds: [BuildID]) throws -> [OpenLog] {
        try all("SELECT build, name, step FROM logs WHERE build IN (SELECT value FROM json_each(?))", [JSONText.list(builds)]).map { row in
            let build: BuildID = BuildID(row[0])
            return OpenLog(build: build, name: row[1], step: row[2], size: store.logs.size(build, name: row[1]))
        }
    }

    func writeLogs(_ closed: [ClosedLog]) throws {
        try run(
            """
            INSERT INTO logs (build, name, step, size, sha256, closed)
            SELECT value ->> 'build', value ->> 'name', value ->> 'step', value ->> 'size', value ->> 'sha256', 1 FROM json_each(?) WHERE true
            ON CONFLICT (build, name) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256, closed = 1
            """,
            [try JSONText.encode(closed)])
    }

    func forgetKeys(of builds: [BuildID]) throws {
        try run("DELETE FROM report_keys WHERE build IN (SELECT value FROM json_each(?))", [JSONText.list(builds)])
    }

    func revokeLogs(of builds: [BuildID]) {
        store.grants.revoke(builds)
    }

    func stepPhases(of builds: [BuildID]) throws -> [StepBook.Place: StepPhase] {
        let rows = try all(
            "SELECT build, number, attempt, phase FROM steps WHERE build IN (SELECT value FROM json_each(?))", [JSONText.list(builds)])
        return rows.reduce(into: [:]) { phases, row in
            phases[StepBook.Place(build: BuildID(row[0]), number: row[1], attempt: row[2])] = StepPhase(rawValue: row[3])
        }
    }

    func knownKeys(_ asked: [ReportKey]) throws -> Set<ReportKey> {
        let rows = try all(
            """
            SELECT k.build, k.key FROM json_each(?) j
            CROSS JOIN report_keys k ON k.build = (j.value ->> 'build') AND k.key = (j.value ->> 'key')
            """,
            [try JSONText.encode(asked)])
        return Set(rows.map { ReportKey(build: BuildID($0[0]), key: $0[1]) })
    }

    func writeReports(accepted: [BuildID], renewed: [BuildID], steps: [StepFact], keys: [ReportKey]) throws {
        if !accepted.isEmpty {
            try run(
                "UPDATE builds SET phase = 'running', started = ? WHERE id IN (SELECT value FROM json_each(?))",
                [now.microseconds, JSONText.list(accepted)])
        }
        if !renewed.isEmpty {
            try run(
                "UPDATE builds SET renewed = ? WHERE id IN (SELECT value FROM json_each(?))", [now.microseconds, JSONText.list(renewed)])
        }
        if !steps.isEmpty { try write(steps) }
        if !keys.isEmpty {
            try run(
                "INSERT INTO report_keys (build, key) SELECT value ->> 'build', value ->> 'key' FROM json_each(?)",
                [try JSONText.encode(keys)])
        }
    }

    private func write(_ steps: [StepFact]) throws {
        try run(
            """
            INSERT INTO steps (build, number, attempt, name, phase, outcome, cause, exit_status, signal, duration_ms, text, started, finished)
            SELECT value ->> 'build', value ->> 'number', value ->> 'attempt', value ->> 'name', value ->> 'phase', value ->> 'outcome',
                value ->> 'cause', value ->> 'exit_status', value ->> 'signal', value ->> 'duration_ms', coalesce(value ->> 'text', ''), ?1,
                CASE value ->> 'phase' WHEN 'finished' THEN ?1 END
            FROM json_each(?2) WHERE true
            ON CONFLICT (build, number, attempt) DO UPDATE SET phase = excluded.phase, outcome = excluded.outcome, cause = excluded.cause,
                exit_status = excluded.exit_status, signal = excluded.signal, duration_ms = excluded.duration_ms, text = excluded.text,
                finished = excluded.finished
            """,
            [now.microseconds, try JSONText.encode(steps)])
    }
}
