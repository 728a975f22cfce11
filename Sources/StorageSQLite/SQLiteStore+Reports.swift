import Domain
import GRDB
import Storage

extension SQLiteStore {
    public func apply(_ reports: [BuildReport]) async throws -> [ReportAnswer] {
        guard !reports.isEmpty else { return [] }
        // Files are read before the transaction, which everybody else waits for. Bytes that arrive between are not part of the log.
        let sealed = try await sealLogs(reports)
        let (answers, ended) = try await write("applying reports") { tx in
            var judge = try ReportJudge(tx, reports, sealed: sealed)
            let answers = try reports.map { try judge.judge($0) }
            return try tx.write(judge, reports, answers)
        }
        await releaseLogs(ended)
        return answers
    }

    private func sealLogs(_ reports: [BuildReport]) async throws -> [BuildID: [String: SealedLog]] {
        var sealed: [BuildID: [String: SealedLog]] = [:]
        for report in reports {
            guard case .finish(let end) = report.content else { continue }
            for log in end.logs where sealed[report.build]?[log.name] == nil {
                sealed[report.build, default: [:]][log.name] = try await logs.seal(report.build, name: log.name)
            }
        }
        return sealed
    }
}

extension SQLiteTransaction {
    /// Writes what a batch of reports was judged to change, with a few statements for all of them.
    fileprivate func write(
        _ judge: ReportJudge, _ reports: [BuildReport], _ answers: [ReportAnswer]
    ) throws -> ([ReportAnswer], [BuildID: EndedBuild]) {
        if !judge.accepted.isEmpty {
            try run(
                "UPDATE builds SET phase = 'running', started = ? WHERE id IN (SELECT value FROM json_each(?))",
                [now.microseconds, JSONText.list(judge.accepted)])
        }
        if !judge.renewed.isEmpty {
            try run(
                "UPDATE builds SET renewed = ? WHERE id IN (SELECT value FROM json_each(?))",
                [now.microseconds, JSONText.list(judge.renewed.sorted())])
        }
        if !judge.steps.changed.isEmpty { try writeSteps(judge.steps.changed) }
        let ending = Set(judge.endings.map(\.build.id))
        let keys = judge.keys.filter { !ending.contains($0.build) }
        if !keys.isEmpty {
            try run(
                "INSERT INTO report_keys (build, key) SELECT value ->> 'build', value ->> 'key' FROM json_each(?)",
                [try JSONText.encode(keys)])
        }
        emit(judge.events)
        let ended = try end(judge.endings)
        var answers = answers
        for (place, report) in reports.enumerated() where answers[place].verdict == .applied {
            guard case .finish = report.content, let end = ended[report.build] else { continue }
            answers[place].ringDispatch = end.retried
            answers[place].ringScheduling = end.endedBuildset
        }
        return (answers, ended)
    }

    private func writeSteps(_ steps: [StepFact]) throws {
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
