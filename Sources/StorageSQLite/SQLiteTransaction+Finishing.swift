import Domain
import GRDB
import Storage

/// How a request ends, and under which build.
struct RequestEnd {
    var request: RequestID
    var outcome: Outcome
    var cause: Cause?
    var text: String
    var build: BuildID?
    var worker: String?
}

extension SQLiteTransaction {
    /// Ends a request, and its buildset when it was the last open one. False when the request had ended before: then nothing changes.
    @discardableResult
    func finishRequest(_ request: RequestID, outcome: Outcome, cause: Cause?, text: String) throws -> Bool {
        try !finish([RequestEnd(request: request, outcome: outcome, cause: cause, text: text)]).requests.isEmpty
    }

    /// Ends requests, and the buildsets whose last open ones they were, with a few statements for all. Writes `request.finished` and
    /// `buildset.finished`. Requests that had ended before stay as they are. A request that a build holds must have that build ended first.
    @discardableResult
    func finish(_ ends: [RequestEnd]) throws -> (requests: Set<RequestID>, buildsets: Set<BuildsetID>) {
        guard !ends.isEmpty else { return ([], []) }
        let rows = try all(
            """
            UPDATE requests SET phase = 'finished', outcome = j.value ->> 'outcome', cause = j.value ->> 'cause', text = j.value ->> 'text',
                finished = ?
            FROM json_each(?) j WHERE requests.id = (j.value ->> 'request') AND requests.phase <> 'finished'
            RETURNING requests.id, buildset, builder, priority, attempts
            """,
            [
                now.microseconds,
                try JSONText.encode(
                    ends.map { RequestEndRow(request: $0.request, outcome: $0.outcome, cause: $0.cause, text: $0.text) }),
            ])
        let finished = rows.reduce(into: [RequestID: Row]()) { $0[RequestID($1[0])] = $1 }
        var events: [PendingEvent] = []
        var closed: [BuildsetID: Int64] = [:]
        for end in ends {
            guard let row = finished[end.request] else { continue }
            let context = try context(of: BuildsetID(row[1]))
            closed[context.id, default: 0] += 1
            let fact = RequestFact(
                buildset: context.id, builder: row[2], project: context.stamp.project, branch: context.stamp.branch, phase: .finished,
                priority: row[3], attempts: row[4], build: end.build, worker: end.worker, outcome: end.outcome, cause: end.cause,
                text: end.text.isEmpty ? nil : end.text)
            events.append(
                PendingEvent(
                    EventDraft(
                        .requestFinished, entity: .request, id: end.request.rawValue, chain: context.eventChain(request: end.request),
                        data: .request(fact))))
        }
        emit(events)
        return (Set(finished.keys), try closeRequests(closed))
    }

    /// Counts down the open requests of buildsets; gives those that ended with it.
    private func closeRequests(_ closed: [BuildsetID: Int64]) throws -> Set<BuildsetID> {
        guard !closed.isEmpty else { return [] }
        let rows = try all(
            """
            UPDATE buildsets SET open_requests = open_requests - (j.value ->> 1) FROM json_each(?) j WHERE buildsets.id = (j.value ->> 0)
            RETURNING buildsets.id, open_requests
            """,
            [JSONText.rows(closed.map { [$0.key.rawValue, $0.value] })])
        let done = rows.filter { $0[1] as Int == 0 }.map { row -> BuildsetID in BuildsetID(row[0]) }
        try finishBuildsets(done.sorted())
        return Set(done)
    }

    /// Ends buildsets with no open request. The outcome is the worst of the requests'; `skipped` when there are none.
    func finishBuildsets(_ buildsets: [BuildsetID]) throws {
        guard !buildsets.isEmpty else { return }
        // Index: the unique (buildset, builder).
        let requests = try all(
            "SELECT buildset, builder, outcome FROM requests WHERE buildset IN (SELECT value FROM json_each(?)) ORDER BY id",
            [JSONText.list(buildsets)])
        var builders: [BuildsetID: [String]] = [:]
        var outcomes: [BuildsetID: Outcome] = [:]
        for row in requests {
            let buildset: BuildsetID = BuildsetID(row[0])
            builders[buildset, default: []].append(row[1])
            outcomes[buildset] = Outcome(rawValue: row[2] ?? "").map { (outcomes[buildset] ?? .skipped).combined(with: $0) }
        }
        let ended = try run(
            """
            UPDATE buildsets SET outcome = j.value ->> 'outcome', finished = ?
            FROM json_each(?) j WHERE buildsets.id = (j.value ->> 'buildset') AND buildsets.finished IS NULL
            """,
            [now.microseconds, try JSONText.encode(buildsets.map { BuildsetEndRow(buildset: $0, outcome: outcomes[$0] ?? .skipped) })])
        guard ended == buildsets.count else { throw StoreError.internalError("a buildset ended twice") }
        try emit(
            buildsets.map { buildset in
                let context = try context(of: buildset)
                let fact = BuildsetFact(
                    scheduler: context.scheduler, reason: context.reason, project: context.stamp.project, branch: context.stamp.branch,
                    revision: context.stamp.revision, builders: builders[buildset] ?? [], outcome: outcomes[buildset] ?? .skipped)
                return PendingEvent(
                    EventDraft(.buildsetFinished, entity: .buildset, id: buildset.rawValue, chain: context.eventChain(), data: .buildset(fact)))
            })
    }
}

/// A request's end as `json_each` reads it.
private struct RequestEndRow: Encodable {
    var request: RequestID
    var outcome: Outcome
    var cause: Cause?
    var text: String
}

private struct BuildsetEndRow: Encodable {
    var buildset: BuildsetID
    var outcome: Outcome
}
