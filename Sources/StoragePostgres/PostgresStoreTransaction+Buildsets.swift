import Domain
import Storage

extension PostgresStoreTransaction {
    func raiseVersions(of kind: EntityKind, by counts: [(id: Int64, count: Int64)]) throws -> [Int64: Int64] {
        guard let statement = Self.raising(kind) else { return [:] }
        return try sql.all(statement, [.integers(counts.map(\.id)), .integers(counts.map(\.count))]).reduce(into: [:]) { $0[$1[0]] = $1[1] }
    }

    private static func raising(_ kind: EntityKind) -> String? {
        let table: String? =
            switch kind {
            case .buildset: "buildsets"
            case .request: "requests"
            case .build: "builds"
            case .session: "sessions"
            case .config: "configurations"
            // A change never changes: it is received, once. A deployment's version is its epoch.
            case .change, .deployment: nil
            }
        return table.map { table in
            """
            UPDATE \(table) SET version = version + j.count FROM unnest($1::bigint[], $2::bigint[]) AS j (id, count) WHERE \(table).id = j.id
            RETURNING \(table).id, version
            """
        }
    }

    func insert(_ events: [OutboxRow]) throws { Self.insert(events, at: try now.microseconds, sql) }

    /// Nobody needs an answer: they travel with what comes next, at the latest with the commit.
    static func insert(_ events: [OutboxRow], at moment: Int64, _ sql: PostgresTransaction) {
        sql.later(
            """
            INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
            SELECT message_id, event, entity, entity_id, entity_version, routing_key, chain::json, data::json, $9
            FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[])
                WITH ORDINALITY AS j (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, place) ORDER BY place
            """,
            [
                .texts(events.map(\.messageID)), .texts(events.map(\.kind.rawValue)), .texts(events.map(\.entity.rawValue)),
                .integers(events.map(\.entityID)), .integers(events.map(\.version)), .texts(events.map(\.routingKey)),
                .texts(events.map(\.chain)), .texts(events.map(\.data)), .integer(moment),
            ])
    }

    func readContext(of buildset: BuildsetID) throws -> BuildsetContext? {
        try sql.first(
            "SELECT \(BuildsetContext.columns) FROM buildsets b JOIN source_stamps s ON s.id = b.stamp WHERE b.id = $1",
            [.integer(buildset.rawValue)]
        ).map { try BuildsetContext(buildset, stored: $0, from: 0) }
    }

    /// Reads, in one statement, the contexts of these buildsets that nobody here has seen.
    func learn(_ buildsets: [BuildsetID]) throws {
        let unknown = Set(buildsets).filter { contexts[$0] == nil && store.contexts.value($0) == nil }.sorted()
        guard !unknown.isEmpty else { return }
        let rows = try sql.all(
            "SELECT b.id, \(BuildsetContext.columns) FROM buildsets b JOIN source_stamps s ON s.id = b.stamp WHERE b.id = ANY ($1::bigint[])",
            [.integers(unknown.map(\.rawValue))])
        for row in rows { remember(try BuildsetContext(BuildsetID(row.int64(0)), stored: row, from: 1)) }
    }

    func insert(_ buildsets: [BuildsetDraft]) throws -> [BuildsetID?] {
        let plans = buildsets.map(\.new.plan)
        insert(plans.map(\.stamp))
        let rows = try sql.all(
            """
            INSERT INTO buildsets (scheduler, trigger_key, reason, chain, parents, stamp, branch, changes, author, comments, properties,
                open_requests, has_needs, configuration, created, version, further, line)
            SELECT scheduler, trigger_key, reason, chain, parents::json, stamp, branch, changes::json, author, comments, properties::json,
                open_requests, has_needs, $16, $15, version, further::json, line
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                $11::text[], $12::bigint[], $13::bigint[], $14::boolean[], $17::text[], $18::text[]) WITH ORDINALITY AS j (scheduler, trigger_key, reason, chain, parents,
                stamp, branch, changes, author, comments, properties, open_requests, version, has_needs, further, line, place) ORDER BY place
            ON CONFLICT (scheduler, trigger_key) DO NOTHING RETURNING id, scheduler, trigger_key
            """,
            [
                .texts(plans.map(\.scheduler)), .texts(plans.map(\.trigger)), .texts(plans.map(\.reason)),
                .texts(buildsets.map(\.chain.rawValue)), .texts(plans.map { JSONText.encode($0.parents) }), .texts(plans.map(\.stamp.id)),
                .texts(plans.map(\.stamp.branch)), .texts(plans.map { JSONText.list($0.changes) }), .texts(buildsets.map(\.new.author)),
                .texts(buildsets.map(\.new.comments)), .texts(try plans.map { try JSONText.encode($0.properties) }),
                .integers(buildsets.map { Int64($0.openRequests) }), .integers(buildsets.map(\.version)),
                .booleans(buildsets.map(\.hasNeeds)), .integer(now.microseconds), .integer(currentConfiguration()?.id.rawValue),
                .texts(try buildsets.map { try $0.further.map { try JSONText.encode($0) } }), .texts(buildsets.map(\.line)),
            ])
        var made = rows.reduce(into: [Trigger: Int64]()) { $0[Trigger(scheduler: $1.string(1), key: $1.string(2))] = $1.int64(0) }
        let ids = plans.map { made.removeValue(forKey: Trigger(scheduler: $0.scheduler, key: $0.trigger)) }
        let changes = zip(plans, ids).flatMap { plan, id in id.map { id in plan.changes.map { (change: $0.rawValue, buildset: id) } } ?? [] }
        if !changes.isEmpty {
            sql.later(
                """
                INSERT INTO buildset_changes (change, buildset) SELECT change, buildset FROM unnest($1::bigint[], $2::bigint[]) AS j (change, buildset)
                ON CONFLICT DO NOTHING
                """,
                [.integers(changes.map(\.change)), .integers(changes.map(\.buildset))])
        }
        return ids.map { $0.map { BuildsetID($0) } }
    }

    /// In the order of their ids: of two transactions that need the same stamps, one waits for the other and never both.
    private func insert(_ stamps: [SourceStamp]) {
        let stamps = stamps.reduce(into: [String: SourceStamp]()) { $0[$1.id] = $1 }.sorted { $0.key < $1.key }
        sql.later(
            """
            INSERT INTO source_stamps (id, project, repository, branch, revision, codebase, patch)
            SELECT id, project, repository, branch, revision, codebase, patch
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
                WITH ORDINALITY AS j (id, project, repository, branch, revision, codebase, patch, place) ORDER BY place
            ON CONFLICT (id) DO NOTHING
            """,
            [
                .texts(stamps.map(\.key)), .texts(stamps.map(\.value.project)), .texts(stamps.map(\.value.repository)),
                .texts(stamps.map(\.value.branch)), .texts(stamps.map(\.value.revision)), .texts(stamps.map(\.value.codebase)),
                .texts(stamps.map(\.value.patch)),
            ])
    }

    func insert(_ requests: [NewRequest]) throws -> [RequestID] {
        // Numbers are given in the order of the rows.
        try sql.all(
            """
            INSERT INTO requests (buildset, builder, match_class, project, phase, priority, attempts_allowed, deadline, needs, identity,
                created, version)
            SELECT buildset, builder, match_class, project, phase, priority, attempts_allowed, deadline, needs::json, identity, $10, 1
            FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
                $8::text[], $9::bigint[], $11::text[]) WITH ORDINALITY
                AS j (buildset, builder, match_class, priority, attempts_allowed, phase, needs, project, deadline, identity, place) ORDER BY place
            RETURNING id
            """,
            [
                .integers(requests.map(\.buildset.rawValue)), .texts(requests.map(\.builder)), .integers(requests.map(\.matchClass)),
                .integers(requests.map { Int64($0.priority) }), .integers(requests.map { Int64($0.attemptsAllowed) }),
                .texts(requests.map(\.phase.rawValue)), .texts(try requests.map { try JSONText.encode($0.needs) }), .texts(requests.map(\.project)),
                .integers(requests.map { $0.deadline?.microseconds }),
                .integer(now.microseconds), .texts(requests.map(\.identity)),
            ]
        ).map { RequestID($0.int64(0)) }
    }

    func matchClass(of builder: Builder) throws -> Int64 {
        if let known = store.matchClasses.id(builder: builder.name, labels: builder.labels) { return known }
        let read = "SELECT id FROM match_classes WHERE builder = $1 AND labels = $2"
        let arguments: [PostgresValue] = [.text(builder.name), .text(try JSONText.encode(builder.labels))]
        // After the insert, which waits for whoever makes the same class, the second look finds it.
        let rows = try sql.pipeline([
            ("INSERT INTO match_classes (builder, labels) VALUES ($1, $2) ON CONFLICT (builder, labels) DO NOTHING", arguments), (read, arguments),
        ])
        guard let id = rows[1].first?.int64(0) else { throw StoreError.internalError("a class of requests was not made") }
        // Only what is committed may be remembered.
        sql.whenCommitted { [store] in store.matchClasses.add([MatchClass(id: id, builder: builder.name, labels: builder.labels)]) }
        return id
    }

    func finishRequests(_ ends: [RequestEnd]) throws -> [FinishedRequest] {
        try sql.all(
            """
            UPDATE requests SET phase = 'finished', outcome = j.outcome, cause = j.cause, text = j.text, finished = $5,
                answered_by = coalesce(j.answer, answered_by)
            FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $6::bigint[]) AS j (id, outcome, cause, text, answer)
            WHERE requests.id = j.id AND requests.finished IS NULL
            RETURNING requests.id, buildset, builder, priority, attempts
            """,
            [
                .integers(ends.map(\.request.rawValue)), .texts(ends.map(\.outcome.rawValue)), .texts(ends.map { $0.cause?.rawValue }),
                .texts(ends.map(\.text)), .integer(now.microseconds), .integers(ends.map { $0.answer?.rawValue }),
            ]
        ).map {
            FinishedRequest(
                request: RequestID($0.int64(0)), buildset: BuildsetID($0.int64(1)), builder: $0.string(2), priority: $0.int(3), attempts: $0.int(4))
        }
    }

    func countDown(_ closed: [BuildsetID: Int64]) throws -> [BuildsetID: Int] {
        let ordered = closed.sorted { $0.key < $1.key }
        return try sql.all(
            """
            UPDATE buildsets SET open_requests = open_requests - j.count FROM unnest($1::bigint[], $2::bigint[]) AS j (id, count)
            WHERE buildsets.id = j.id RETURNING buildsets.id, open_requests
            """,
            [.integers(ordered.map(\.key.rawValue)), .integers(ordered.map(\.value))]
        ).reduce(into: [:]) { $0[BuildsetID($1.int64(0))] = $1.int(1) }
    }

    func requestOutcomes(of buildsets: [BuildsetID]) throws -> [(buildset: BuildsetID, builder: String, outcome: Outcome?)] {
        // Index: the unique (buildset, builder).
        try sql.all(
            "SELECT buildset, builder, outcome FROM requests WHERE buildset = ANY ($1::bigint[]) ORDER BY id",
            [.integers(buildsets.map(\.rawValue))]
        ).map { (buildset: BuildsetID($0.int64(0)), builder: $0.string(1), outcome: $0.outcome(2)) }
    }

    func needs(of buildsets: [BuildsetID]) throws -> [(buildset: BuildsetID, node: NeedsGraph.Node)] {
        // Index: the unique (buildset, builder).
        try sql.all(
            "SELECT buildset, \(NeedsGraph.Node.columns) FROM requests WHERE buildset = ANY ($1::bigint[]) ORDER BY id",
            [.integers(buildsets.map(\.rawValue))]
        ).map { (buildset: BuildsetID($0.int64(0)), node: try NeedsGraph.Node(stored: $0, from: 1)) }
    }

    func release(_ requests: [RequestID]) throws -> [FinishedRequest] {
        try sql.all(
            """
            UPDATE requests SET phase = 'pending' WHERE id = ANY ($1::bigint[]) AND phase = 'waiting'
            RETURNING id, buildset, builder, priority, attempts
            """,
            [.integers(requests.map(\.rawValue).sorted())]
        ).map {
            FinishedRequest(
                request: RequestID($0.int64(0)), buildset: BuildsetID($0.int64(1)), builder: $0.string(2), priority: $0.int(3), attempts: $0.int(4))
        }
    }

    func writeEnds(_ ends: [BuildsetEnd]) throws -> Int {
        try sql.run(
            """
            UPDATE buildsets SET outcome = j.outcome, finished = $3 FROM unnest($1::bigint[], $2::text[]) AS j (id, outcome)
            WHERE buildsets.id = j.id AND buildsets.finished IS NULL
            """,
            [.integers(ends.map(\.buildset.rawValue)), .texts(ends.map(\.outcome.rawValue)), .integer(now.microseconds)])
    }

    func writeTrials(_ trials: [RequestTrial]) throws {
        // No deadline ends a request of which a build has begun, and that it answered one is not known once it answers it no more.
        sql.later(
            """
            UPDATE requests SET phase = CASE WHEN j.retry THEN 'pending' ELSE phase END, claimed = CASE WHEN j.retry THEN NULL ELSE claimed END,
                answered_by = CASE WHEN j.retry THEN NULL ELSE answered_by END,
                deadline = CASE WHEN j.retry AND EXISTS (SELECT 1 FROM builds b WHERE b.id = requests.answered_by AND b.started IS NOT NULL)
                    THEN NULL ELSE deadline END,
                attempts = j.attempts, workers_lost = j.lost::json, fence = greatest(requests.fence, j.fence)
            FROM unnest($1::bigint[], $2::boolean[], $3::bigint[], $4::text[], $5::bigint[]) AS j (id, retry, attempts, lost, fence)
            WHERE requests.id = j.id AND requests.finished IS NULL AND requests.claimed IS NOT NULL
            """,
            [
                .integers(trials.map(\.id.rawValue)), .booleans(trials.map(\.retry)), .integers(trials.map { Int64($0.attempts) }),
                .texts(trials.map { JSONText.encode($0.lost) }), .integers(trials.map(\.fence.rawValue)),
            ])
    }
}

/// What makes a buildset unique.
private struct Trigger: Hashable {
    var scheduler: String
    var key: String
}
