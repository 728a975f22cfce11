import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    func readContext(of buildset: BuildsetID) throws -> BuildsetContext? {
        try first(
            "SELECT \(BuildsetContext.columns) FROM buildsets b JOIN source_stamps s ON s.id = b.stamp WHERE b.id = ?", [buildset.rawValue]
        ).map { try BuildsetContext(buildset, stored: $0, from: 0) }
    }

    func insert(_ buildsets: [BuildsetDraft]) throws -> [BuildsetID?] {
        try buildsets.map { try insert($0) }
    }

    private func insert(_ draft: BuildsetDraft) throws -> BuildsetID? {
        let plan = draft.new.plan
        let stamp = plan.stamp
        let stampID = stamp.id
        try run(
            """
            INSERT INTO source_stamps (id, project, repository, branch, revision, codebase, patch) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO NOTHING
            """,
            [stampID, stamp.project, stamp.repository, stamp.branch, stamp.revision, stamp.codebase, stamp.patch])
        let id = try value(
            Int64.self,
            """
            INSERT INTO buildsets (scheduler, trigger_key, reason, chain, parents, stamp, branch, changes, author, comments, properties,
                open_requests, has_needs, configuration, created, version, further, line)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (scheduler, trigger_key) DO NOTHING RETURNING id
            """,
            [
                plan.scheduler, plan.trigger, plan.reason, draft.chain.rawValue, JSONText.encode(plan.parents), stampID, stamp.branch,
                JSONText.list(plan.changes), draft.new.author, draft.new.comments, try JSONText.encode(plan.properties), draft.openRequests,
                draft.hasNeeds, currentConfiguration()?.id.rawValue, now.microseconds, draft.version,
                draft.further.map { try JSONText.encode($0) }, draft.line,
            ])
        guard let id else { return nil }
        for change in plan.changes {
            try run("INSERT INTO buildset_changes (change, buildset) VALUES (?, ?) ON CONFLICT DO NOTHING", [change.rawValue, id])
        }
        return BuildsetID(id)
    }

    func insert(_ requests: [NewRequest]) throws -> [RequestID] {
        try requests.map { request in
            try run(
                """
                INSERT INTO requests (buildset, builder, match_class, project, phase, priority, attempts_allowed, deadline, needs, created, identity,
                    version)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
                """,
                [
                    request.buildset.rawValue, request.builder, request.matchClass, request.project, request.phase.rawValue, request.priority,
                    request.attemptsAllowed, request.deadline?.microseconds, try JSONText.encode(request.needs), now.microseconds,
                    request.identity,
                ])
            return RequestID(db.lastInsertedRowID)
        }
    }

    func matchClass(of builder: Builder) throws -> Int64 {
        let labels = try JSONText.encode(builder.labels)
        if let known = try value(Int64.self, "SELECT id FROM match_classes WHERE builder = ? AND labels = ?", [builder.name, labels]) {
            return known
        }
        try run("INSERT INTO match_classes (builder, labels) VALUES (?, ?)", [builder.name, labels])
        return db.lastInsertedRowID
    }

    func finishRequests(_ ends: [RequestEnd]) throws -> [FinishedRequest] {
        try all(
            """
            UPDATE requests SET phase = 'finished', outcome = j.value ->> 'outcome', cause = j.value ->> 'cause', text = j.value ->> 'text',
                finished = ?, answered_by = CASE WHEN j.value ->> 'isAnswered' THEN j.value ->> 'build' ELSE answered_by END
            FROM json_each(?) j WHERE requests.id = (j.value ->> 'request') AND requests.phase <> 'finished'
            RETURNING requests.id, buildset, builder, priority, attempts
            """,
            [now.microseconds, try JSONText.encode(ends)]
        ).map {
            FinishedRequest(request: RequestID($0[0]), buildset: BuildsetID($0[1]), builder: $0[2], priority: $0[3], attempts: $0[4])
        }
    }

    func countDown(_ closed: [BuildsetID: Int64]) throws -> [BuildsetID: Int] {
        try all(
            """
            UPDATE buildsets SET open_requests = open_requests - (j.value ->> 1) FROM json_each(?) j WHERE buildsets.id = (j.value ->> 0)
            RETURNING buildsets.id, open_requests
            """,
            [JSONText.rows(closed.map { [$0.key.rawValue, $0.value] })]
        ).reduce(into: [:]) { $0[BuildsetID($1[0])] = $1[1] }
    }

    func requestOutcomes(of buildsets: [BuildsetID]) throws -> [(buildset: BuildsetID, builder: String, outcome: Outcome?)] {
        // Index: the unique (buildset, builder).
        try all(
            "SELECT buildset, builder, outcome FROM requests WHERE buildset IN (SELECT value FROM json_each(?)) ORDER BY id",
            [JSONText.list(buildsets)]
        ).map { (buildset: BuildsetID($0[0]), builder: $0[1], outcome: ($0[2] as String?).flatMap(Outcome.init)) }
    }

    func needs(of buildsets: [BuildsetID]) throws -> [(buildset: BuildsetID, node: NeedsGraph.Node)] {
        // Index: the unique (buildset, builder).
        try all(
            "SELECT buildset, \(NeedsGraph.Node.columns) FROM requests WHERE buildset IN (SELECT value FROM json_each(?)) ORDER BY id",
            [JSONText.list(buildsets)]
        ).map { (buildset: BuildsetID($0[0]), node: try NeedsGraph.Node(stored: $0, from: 1)) }
    }

    func release(_ requests: [RequestID]) throws -> [FinishedRequest] {
        try all(
            """
            UPDATE requests SET phase = 'pending' WHERE id IN (SELECT value FROM json_each(?)) AND phase = 'waiting'
            RETURNING id, buildset, builder, priority, attempts
            """,
            [JSONText.list(requests)]
        ).map {
            FinishedRequest(request: RequestID($0[0]), buildset: BuildsetID($0[1]), builder: $0[2], priority: $0[3], attempts: $0[4])
        }
    }

    func writeEnds(_ ends: [BuildsetEnd]) throws -> Int {
        try run(
            """
            UPDATE buildsets SET outcome = j.value ->> 'outcome', finished = ?
            FROM json_each(?) j WHERE buildsets.id = (j.value ->> 'buildset') AND buildsets.finished IS NULL
            """,
            [now.microseconds, try JSONText.encode(ends)])
    }

    func writeTrials(_ trials: [RequestTrial]) throws {
        // No deadline ends a request of which a build has begun, and that it answered one is not known once it answers it no more.
        try run(
            """
            UPDATE requests SET phase = CASE j.value ->> 'retry' WHEN 1 THEN 'pending' ELSE phase END,
                claimed = CASE j.value ->> 'retry' WHEN 1 THEN NULL ELSE claimed END,
                answered_by = CASE j.value ->> 'retry' WHEN 1 THEN NULL ELSE answered_by END,
                deadline = CASE WHEN j.value ->> 'retry' = 1 AND EXISTS (
                    SELECT 1 FROM builds b WHERE b.id = requests.answered_by AND b.started IS NOT NULL) THEN NULL ELSE deadline END,
                attempts = j.value ->> 'attempts', workers_lost = j.value ->> 'lost', fence = max(fence, j.value ->> 'fence')
            FROM json_each(?) j WHERE requests.id = (j.value ->> 'id') AND requests.phase = 'claimed'
            """,
            [try JSONText.encode(trials)])
    }
}
