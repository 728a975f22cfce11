import Domain
import Storage

extension PostgresStoreTransaction: StoreTransaction {
    func builds(_ ids: [BuildID], ending: [BuildID]) throws -> [BuildID: OpenBuild] {
        guard !ids.isEmpty else { return [:] }
        var statements: [(String, [PostgresValue])] = []
        if !ending.isEmpty {
            // A completion locks its buildset before it decides: of two that finish the last two requests, the second sees the first's end. The same for
            // those of every request that a build answers; index: requests_riding.
            let ids = PostgresValue.integers(ending.map(\.rawValue))
            statements = [
                (
                    """
                    SELECT id FROM buildsets WHERE id = ANY (ARRAY(
                        SELECT buildset FROM builds WHERE id = ANY ($1::bigint[])
                        UNION ALL SELECT buildset FROM requests WHERE answered_by = ANY ($1::bigint[]) AND finished IS NULL)) ORDER BY id
                    FOR NO KEY UPDATE
                    """, [ids]
                ),
                (
                    """
                    SELECT id FROM requests WHERE id = ANY (ARRAY(
                        SELECT request FROM builds WHERE id = ANY ($1::bigint[])
                        UNION ALL SELECT id FROM requests WHERE answered_by = ANY ($1::bigint[]) AND finished IS NULL)) ORDER BY id
                    FOR NO KEY UPDATE
                    """, [ids]
                ),
            ]
        }
        statements.append(
            (
                """
                SELECT \(OpenBuild.columns) FROM builds b JOIN requests r ON r.id = b.request WHERE b.id = ANY ($1::bigint[]) ORDER BY b.id
                FOR NO KEY UPDATE OF b
                """, [.integers(ids.map(\.rawValue))]
            ))
        let rows = try sql.pipeline(statements).last ?? []
        let builds = try rows.map { try OpenBuild(stored: $0) }
        try learn(builds.map(\.buildset))
        return builds.reduce(into: [:]) { $0[$1.id] = $1 }
    }

    func riders(of builds: [BuildID]) throws -> [Rider] {
        try sql.all(
            "\(Rider.selection) WHERE answered_by = ANY ($1::bigint[]) AND finished IS NULL ORDER BY id", [.integers(builds.map(\.rawValue))]
        ).map { try Rider(stored: $0) }
    }

    func writeEnds(_ endings: [BuildEnding]) throws -> Int {
        try sql.run(
            """
            UPDATE builds SET phase = 'finished', outcome = j.outcome, cause = j.cause, text = j.text, fence = j.fence, finish_key = j.key,
                finished = $7
            FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[]) AS j (id, outcome, cause, text, fence, key)
            WHERE builds.id = j.id AND builds.finished IS NULL
            """,
            [
                .integers(endings.map(\.build.id.rawValue)), .texts(endings.map { $0.build.machine.outcome?.rawValue }),
                .texts(endings.map { $0.build.machine.cause?.rawValue }), .texts(endings.map(\.text)),
                .integers(endings.map(\.build.machine.fence.rawValue)), .texts(endings.map(\.finishKey)), .integer(now.microseconds),
            ])
    }

    func closeSteps(of builds: [BuildID]) throws -> [StepFact] {
        try sql.all(
            """
            UPDATE steps SET phase = 'finished', outcome = CASE b.outcome WHEN 'cancelled' THEN 'cancelled' ELSE 'exception' END, cause = b.cause,
                text = 'the build ended before this step did', finished = $2
            FROM builds b
            WHERE steps.build = ANY ($1::bigint[]) AND steps.phase = 'running' AND b.id = steps.build
            RETURNING steps.build, number, steps.attempt, name, steps.outcome, steps.cause, steps.text
            """,
            [.integers(builds.map(\.rawValue)), .integer(now.microseconds)]
        ).map { row in
            StepFact(
                build: BuildID(row.int64(0)), builder: "", number: row.int(1), name: row.string(3), attempt: row.int(2), phase: .finished,
                outcome: row.outcome(4), cause: row.cause(5), text: row.string(6))
        }
    }

    func openLogs(of builds: [BuildID]) throws -> [OpenLog] {
        // Locked: an append that is under way commits first or finds its build ended.
        try sql.all(
            "SELECT build, name, step, size FROM logs WHERE build = ANY ($1::bigint[]) ORDER BY build, name FOR NO KEY UPDATE",
            [.integers(builds.map(\.rawValue))]
        ).map { OpenLog(build: BuildID($0.int64(0)), name: $0.string(1), step: $0.int(2), size: $0.int64(3)) }
    }

    func writeLogs(_ closed: [ClosedLog]) throws {
        sql.whenCommitted { [store] in store.digests.forget(closed.map { LogDigests.Place(build: $0.build, name: $0.name) }) }
        sql.later(
            """
            INSERT INTO logs (build, name, step, size, sha256, closed)
            SELECT build, name, step, size, sha256, true
            FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[]) AS j (build, name, step, size, sha256)
            ON CONFLICT (build, name) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256, closed = true
            """,
            [
                .integers(closed.map(\.build.rawValue)), .texts(closed.map(\.name)), .integers(closed.map { Int64($0.step) }),
                .integers(closed.map(\.size)), .texts(closed.map(\.sha256)),
            ])
    }

    func forgetKeys(of builds: [BuildID]) throws {
        sql.later("DELETE FROM report_keys WHERE build = ANY ($1::bigint[])", [.integers(builds.map(\.rawValue))])
    }

    /// Nothing to revoke: every append asks the database, and waits for the lock of the build.
    func revokeLogs(of builds: [BuildID]) {}

    func stepPhases(of builds: [BuildID]) throws -> [StepBook.Place: StepPhase] {
        try sql.all("SELECT build, number, attempt, phase FROM steps WHERE build = ANY ($1::bigint[])", [.integers(builds.map(\.rawValue))])
            .reduce(into: [:]) { phases, row in
                phases[StepBook.Place(build: BuildID(row.int64(0)), number: row.int(1), attempt: row.int(2))] = StepPhase(rawValue: row.string(3))
            }
    }

    func knownKeys(_ asked: [ReportKey]) throws -> Set<ReportKey> {
        Set(
            try sql.all(
                "SELECT k.build, k.key FROM unnest($1::bigint[], $2::text[]) AS j (build, key) JOIN report_keys k ON k.build = j.build AND k.key = j.key",
                [.integers(asked.map(\.build.rawValue)), .texts(asked.map(\.key))]
            ).map { ReportKey(build: BuildID($0.int64(0)), key: $0.string(1)) })
    }

    func writeReports(accepted: [BuildID], renewed: [BuildID], steps: [StepFact], keys: [ReportKey]) throws {
        let time = PostgresValue.integer(try now.microseconds)
        if !accepted.isEmpty {
            sql.later(
                "UPDATE builds SET phase = 'running', started = $2 WHERE id = ANY ($1::bigint[])", [.integers(accepted.map(\.rawValue)), time])
        }
        if !renewed.isEmpty {
            sql.later("UPDATE builds SET renewed = $2 WHERE id = ANY ($1::bigint[])", [.integers(renewed.map(\.rawValue)), time])
        }
        if !steps.isEmpty { try write(steps) }
        if !keys.isEmpty {
            sql.later(
                "INSERT INTO report_keys (build, key) SELECT build, key FROM unnest($1::bigint[], $2::text[]) AS j (build, key)",
                [.integers(keys.map(\.build.rawValue)), .texts(keys.map(\.key))])
        }
    }

    /// The last state of a step counts: one statement may write a row only once.
    private func write(_ steps: [StepFact]) throws {
        var last: [StepBook.Place: StepFact] = [:]
        for step in steps { last[StepBook.Place(build: step.build, number: step.number, attempt: step.attempt)] = step }
        let steps = Array(last.values)
        // A step that began and ended in one batch began when it ended, as far as anybody can tell.
        try sql.later(
            """
            INSERT INTO steps (build, number, attempt, name, phase, outcome, cause, exit_status, signal, duration_ms, text, started, finished)
            SELECT build, number, attempt, name, phase, outcome, cause, exit_status, signal, duration_ms, coalesce(text, ''), $12::bigint,
                CASE phase WHEN 'finished' THEN $12::bigint END
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
                $10::bigint[], $11::text[]) AS j (build, number, attempt, name, phase, outcome, cause, exit_status, signal, duration_ms, text)
            ON CONFLICT (build, number, attempt) DO UPDATE SET phase = excluded.phase, outcome = excluded.outcome, cause = excluded.cause,
                exit_status = excluded.exit_status, signal = excluded.signal, duration_ms = excluded.duration_ms, text = excluded.text,
                finished = excluded.finished
            """,
            [
                .integers(steps.map(\.build.rawValue)), .integers(steps.map { Int64($0.number) }), .integers(steps.map { Int64($0.attempt) }),
                .texts(steps.map(\.name)), .texts(steps.map(\.phase.rawValue)), .texts(steps.map { $0.outcome?.rawValue }),
                .texts(steps.map { $0.cause?.rawValue }), .integers(steps.map { $0.exitStatus.map(Int64.init) }),
                .integers(steps.map { $0.signal.map(Int64.init) }), .integers(steps.map(\.durationMilliseconds)), .texts(steps.map(\.text)),
                .integer(now.microseconds),
            ])
    }
}
