import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    /// Ends a request, and its buildset when it was the last open one. Writes `request.finished` and `buildset.finished`. False when the request
    /// had ended before: then nothing changes. A request that a build holds must have that build ended first.
    @discardableResult
    func finishRequest(
        _ request: RequestID, outcome: Outcome, cause: Cause?, text: String, build: BuildID? = nil, worker: String? = nil
    ) throws -> Bool {
        let row = try first(
            """
            UPDATE requests SET phase = 'finished', outcome = ?, cause = ?, text = ?, finished = ?, version = version + 1
            WHERE id = ? AND phase <> 'finished' RETURNING buildset, builder, priority, attempts, version
            """,
            [outcome.rawValue, cause?.rawValue, text, now.microseconds, request.rawValue])
        guard let row else { return false }
        let context = try context(of: BuildsetID(row[0]))
        let fact = RequestFact(
            buildset: context.id, builder: row[1], project: context.stamp.project, branch: context.stamp.branch, phase: .finished,
            priority: row[2], attempts: row[3], build: build, worker: worker, outcome: outcome, cause: cause, text: text.isEmpty ? nil : text)
        try emit(
            EventDraft(
                .requestFinished, entity: .request, id: request.rawValue, chain: context.eventChain(request: request), data: .request(fact)),
            version: row[4])
        try closeOneRequest(of: context)
        return true
    }

    private func closeOneRequest(of context: BuildsetContext) throws {
        let open = try value(
            Int.self, "UPDATE buildsets SET open_requests = open_requests - 1 WHERE id = ? RETURNING open_requests", [context.id.rawValue])
        if open == 0 { try finishBuildset(context) }
    }

    /// Ends a buildset with no open request. Its outcome is the worst of its requests'; `skipped` when it has none.
    func finishBuildset(_ context: BuildsetContext) throws {
        // Index: the unique (buildset, builder).
        let requests = try all("SELECT builder, outcome FROM requests WHERE buildset = ? ORDER BY id", [context.id.rawValue])
        let outcome = requests.compactMap { Outcome(rawValue: $0[1]) }.reduce(Outcome.skipped) { $0.combined(with: $1) }
        let version = try value(
            Int64.self, "UPDATE buildsets SET outcome = ?, finished = ?, version = version + 1 WHERE id = ? AND finished IS NULL RETURNING version",
            [outcome.rawValue, now.microseconds, context.id.rawValue])
        guard let version else { throw StoreError.internalError("buildset \(context.id) ended twice") }
        let fact = BuildsetFact(
            scheduler: context.scheduler, reason: context.reason, project: context.stamp.project, branch: context.stamp.branch,
            revision: context.stamp.revision, builders: requests.map { $0[0] }, outcome: outcome)
        try emit(
            EventDraft(
                .buildsetFinished, entity: .buildset, id: context.id.rawValue, chain: context.eventChain(), data: .buildset(fact)),
            version: version)
    }
}
