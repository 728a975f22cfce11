import Domain
import Storage

extension PostgresStore {
    public func why(_ request: RequestID) async throws -> WaitFacts? {
        try await read("reading why a request waits") { [self] sql -> WaitFacts? in
            guard let row = try RequestRow.find(request, sql) else { return nil }
            let rows = try sql.pipeline([
                (
                    "SELECT c.labels FROM requests r JOIN match_classes c ON c.id = r.match_class WHERE r.id = $1",
                    [.integer(request.rawValue)]
                ),
                (
                    "SELECT EXISTS (SELECT 1 FROM builds WHERE request = $1 AND started IS NOT NULL), coalesce($2, \(Self.clock))",
                    [.integer(request.rawValue), clockArgument]
                ), ("SELECT max(id) FROM configurations", []),
            ])
            let now = rows[1].first?.time(1) ?? row.created
            var facts = WaitFacts(
                request: row, required: try JSONText.decode(Labels.self, rows[0].first?.string(0) ?? "{}"), ahead: 0,
                workers: try WorkerRow.all(sql), build: try (row.answeredBy ?? row.builds.last).flatMap { try BuildRow.find($0, sql) },
                needs: row.phase == .waiting ? try NeedsGraph(Self.nodes(of: row.buildset, sql)).open(request) : [],
                deadline: rows[1].first.flatMap { WaitFacts.Deadline(of: row, hasBegun: $0.bool(0), now: now) })
            guard row.phase == .pending else { return facts }
            let configuration = try rows[2].first?.optionalInt64(0).flatMap { try self.configuration(ConfigurationID($0), sql)?.configuration }
            try complete(&facts, configuration, now: now, sql)
            return facts
        }
    }

    /// What a pending request waits for in line.
    private func complete(_ facts: inout WaitFacts, _ configuration: Configuration?, now: Timestamp, _ sql: PostgresTransaction) throws {
        let row = facts.request
        guard let configuration else { return }
        let project = configuration.projects.isEmpty ? nil : row.stamp.project
        let longest = configuration.projects.first { $0.name == project }?.longestWait
        let overdue = PostgresValue.integer(longest.map { now.advanced(by: .zero - $0).microseconds })
        let rows = try sql.pipeline([
            (Self.same, [.integer(row.id.rawValue), clockArgument, overdue]),
            (
                project == nil ? Self.ahead("") : Self.ahead("AND project = $6"),
                [
                    .integer(row.id.rawValue), .integer(row.priority), overdue, .integer(row.created.microseconds), .integer(WaitFacts.mostAhead + 1),
                ] + (project.map { [.text($0)] } ?? [])
            ),
            // There are a few: one for each builder and what it asks for.
            ("SELECT id, builder, labels FROM match_classes ORDER BY id", []),
        ])
        facts.same = rows[0].first.flatMap { found in
            WaitFacts.Same(as: row.id, first: found.optionalInt64(0).map { RequestID($0) }, other: found.optionalInt64(1).map { RequestID($0) })
        }
        facts.ahead = rows[1].first?.int(0) ?? 0
        if configuration.boundedBuilders.contains(row.builder) { facts.bounds = try Self.bounds(sql, now: now) }
        let classes = try rows[2].map { MatchClass(id: $0.int64(0), builder: $0.string(1), labels: try JSONText.decode(Labels.self, $0.string(2))) }
        facts.line = try MatchSnapshot.line(
            sql, WaitFacts.competing(with: row.builder, requiring: facts.required, among: classes, workers: facts.workers, of: configuration),
            of: configuration, self)
    }

    /// As a claim finds it; $3: those that were made before have waited too long. Index: requests_identity.
    private static let same = """
        SELECT \(MatchSnapshot.first("$2", overdueBefore: "$3::bigint")), \(MatchSnapshot.other("$2"))
        FROM requests r WHERE r.id = $1 AND r.identity IS NOT NULL
        """
    /// How many of its class are before it in the order of the queue; $3: those that were made before have waited too long. Indexes: requests_pending or
    /// requests_project.
    private static func ahead(_ ofProject: String) -> String {
        """
        SELECT count(*) FROM (
            SELECT id, priority, created, identity FROM requests
            WHERE match_class = (SELECT match_class FROM requests WHERE id = $1) AND phase = 'pending' AND cancel_reason IS NULL \(ofProject)
            ORDER BY priority DESC, id LIMIT $5) a
        WHERE (identity IS NULL OR identity IS DISTINCT FROM (SELECT identity FROM requests WHERE id = $1))
            AND CASE WHEN $4::bigint < $3::bigint THEN (created, id) < ($4::bigint, $1)
                ELSE coalesce(created < $3::bigint, false) OR priority > $2 OR (priority = $2 AND id < $1) END
        """
    }

    private static func bounds(_ sql: PostgresTransaction, now: Timestamp) throws -> BoundFacts {
        // Index: builds_open, which holds only open ones; then the numbers of buildsets and stamps.
        let rows = try sql.all(
            """
            SELECT b.id, b.builder, b.assigned, s.project
            FROM builds b JOIN buildsets e ON e.id = b.buildset JOIN source_stamps s ON s.id = e.stamp WHERE b.phase <> 'finished'
            """)
        return BoundFacts(
            open: rows.map { .init(build: BuildID($0.int64(0)), builder: $0.string(1), project: $0.string(3), assigned: $0.time(2)) }
                .sorted { $0.build < $1.build }, now: now)
    }

    private static func nodes(of buildset: BuildsetID, _ sql: PostgresTransaction) throws -> [NeedsGraph.Node] {
        try sql.all("SELECT \(NeedsGraph.Node.columns) FROM requests WHERE buildset = $1 ORDER BY id", [.integer(buildset.rawValue)]).map {
            try NeedsGraph.Node(stored: $0, from: 0)
        }
    }
}
