import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    /// Ends builds: their rows, steps and logs are closed, and each request is finished or goes back to `pending`. A few statements for all.
    func end(_ endings: [BuildEnding]) throws -> [BuildID: EndedBuild] {
        guard !endings.isEmpty else { return [:] }
        let ids = JSONText.list(endings.map(\.build.id))
        // Before the logs are measured: an append that was allowed until now asks again, and is told after this transaction.
        store.grants.revoke(endings.map(\.build.id))
        try writeEnds(endings)
        let steps = try closeSteps(ids)
        let logs = try closeLogs(endings, ids)
        try run("DELETE FROM report_keys WHERE build IN (SELECT value FROM json_each(?))", [ids])
        var events: [PendingEvent] = []
        for ending in endings {
            let build = ending.build
            let context = try context(of: build.buildset)
            for step in steps[build.id] ?? [] {
                var fact = step
                fact.builder = build.builder
                events.append(build.event(.stepFinished, context, .step(fact), outcome: fact.outcome))
            }
            for log in logs[build.id] ?? [] {
                if !log.known { events.append(build.event(.logOpened, context, .log(log.fact(build, closed: false)))) }
                events.append(build.event(.logClosed, context, .log(log.fact(build, closed: true))))
            }
            let kind: EventKind = ending.finishKey == nil ? .buildLost : .buildFinished
            events.append(build.event(kind, context, .build(build.fact(context, text: ending.text)), outcome: build.machine.outcome))
        }
        emit(events)
        let settled = try settleRequests(endings)
        return endings.reduce(into: [:]) { ended, ending in
            let id = ending.build.id
            ended[id] = EndedBuild(
                retried: settled.retried.contains(id), endedBuildset: settled.buildsets.contains(ending.build.buildset),
                logs: (logs[id] ?? []).map(\.name))
        }
    }

    private func writeEnds(_ endings: [BuildEnding]) throws {
        let rows = endings.map { ending in
            EndRow(
                id: ending.build.id, outcome: ending.build.machine.outcome, cause: ending.build.machine.cause, text: ending.text,
                fence: ending.build.machine.fence, key: ending.finishKey)
        }
        let changed = try run(
            """
            UPDATE builds SET phase = 'finished', outcome = j.value ->> 'outcome', cause = j.value ->> 'cause', text = j.value ->> 'text',
                fence = j.value ->> 'fence', finish_key = j.value ->> 'key', finished = ?
            FROM json_each(?) j WHERE builds.id = (j.value ->> 'id') AND builds.phase <> 'finished'
            """,
            [now.microseconds, try JSONText.encode(rows)])
        guard changed == endings.count else { throw StoreError.internalError("a build was to be ended twice") }
    }

    /// Steps that still run when their build ends, end with it.
    private func closeSteps(_ ids: String) throws -> [BuildID: [StepFact]] {
        let rows = try all(
            """
            UPDATE steps SET phase = 'finished', outcome = CASE b.outcome WHEN 'cancelled' THEN 'cancelled' ELSE 'exception' END, cause = b.cause,
                text = 'the build ended before this step did', finished = ?
            FROM builds b
            WHERE steps.build IN (SELECT value FROM json_each(?)) AND steps.phase = 'running' AND b.id = steps.build
            RETURNING steps.build, number, attempt, name, steps.outcome, steps.cause, steps.text
            """,
            [now.microseconds, ids])
        return rows.reduce(into: [:]) { steps, row in
            let build: BuildID = BuildID(row[0])
            steps[build, default: []].append(
                StepFact(
                    build: build, builder: "", number: row[1], name: row[3], attempt: row[2], phase: .finished,
                    outcome: (row[4] as String?).flatMap(Outcome.init), cause: (row[5] as String?).flatMap(Cause.init), text: row[6]))
        }
    }

    /// Closes the logs of builds: as their worker declared them, or, when it could not, as they are.
    private func closeLogs(_ endings: [BuildEnding], _ ids: String) throws -> [BuildID: [ClosedLog]] {
        var logs: [BuildID: [ClosedLog]] = [:]
        let rows = try all("SELECT build, name, step FROM logs WHERE build IN (SELECT value FROM json_each(?))", [ids])
        var open: [BuildID: [String: Int]] = [:]
        for row in rows {
            let name: String = row[1]
            open[BuildID(row[0]), default: [:]][name] = row[2]
        }
        for ending in endings {
            let build = ending.build.id
            let known = open[build] ?? [:]
            var closed = ending.logs.values.map { log in
                ClosedLog(
                    build: build, name: log.name, step: known[log.name] ?? log.step, size: log.size, sha256: log.sha256, known: known[log.name] != nil
                )
            }
            for (name, step) in known where ending.logs[name] == nil {
                closed.append(ClosedLog(build: build, name: name, step: step, size: store.logs.size(build, name: name), sha256: nil, known: true))
            }
            if !closed.isEmpty { logs[build] = closed.sorted { ($0.step, $0.name) < ($1.step, $1.name) } }
        }
        guard !logs.isEmpty else { return [:] }
        try run(
            """
            INSERT INTO logs (build, name, step, size, sha256, closed)
            SELECT value ->> 'build', value ->> 'name', value ->> 'step', value ->> 'size', value ->> 'sha256', 1 FROM json_each(?) WHERE true
            ON CONFLICT (build, name) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256, closed = 1
            """,
            [try JSONText.encode(logs.values.flatMap { $0 })])
        return logs
    }
}

/// A build's end as `json_each` reads it.
private struct EndRow: Encodable {
    var id: BuildID
    var outcome: Outcome?
    var cause: Cause?
    var text: String
    var fence: Fence
    var key: String?
}

/// A log as it is when its build ends.
private struct ClosedLog: Encodable {
    var build: BuildID
    var name: String
    var step: Int
    var size: Int64
    var sha256: String?
    /// False when nothing was ever appended to it: then it opens and closes at once.
    var known: Bool

    func fact(_ build: OpenBuild, closed: Bool) -> LogFact {
        LogFact(
            build: build.id, builder: build.builder, name: name, step: step, size: closed ? size : nil, sha256: closed ? sha256 : nil)
    }
}
