import Domain
import Storage

extension PostgresStore {
    public func requests(_ query: PageQuery<RequestFields>) async throws -> [RequestRow] {
        try await read("listing requests") { sql in
            var page = PostgresPage(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: requests_builder, requests_open for open phases, buildsets_branch, the unique (buildset, builder); otherwise the ids from one end.
            page.add("r.buildset = ?", .integer(fields.buildset?.rawValue))
            page.add("r.builder = ?", .text(fields.builder))
            page.add("r.outcome = ?", .text(fields.outcome?.rawValue))
            page.add("b.branch = ?", .text(fields.branch))
            if let phase = fields.phase {
                page.add("r.phase = ?", .text(phase.rawValue))
                if phase != .finished { page.add("r.phase <> 'finished'") }
            }
            page.addAfter(query.after, ascending: "r.id > ?", descending: "r.id < ?")
            return try RequestRow.read(page.rows(sql, RequestRow.selection, orderedBy: ["r.id"]), sql)
        }
    }

    public func request(_ id: RequestID) async throws -> RequestRow? {
        try await read("reading a request") { try RequestRow.find(id, $0) }
    }

    public func requestsAnswered(by build: BuildID) async throws -> [RequestID] {
        try await read("listing what a build answers") { sql in
            // Index: requests_answered.
            try sql.all("SELECT id FROM requests WHERE answered_by = $1 ORDER BY id LIMIT 1000", [.integer(build.rawValue)])
                .map { RequestID($0.int64(0)) }
        }
    }

    public func builderCounts() async throws -> [BuilderCounts] {
        try await read("counting requests") { sql in
            // Indexes: requests_pending alone (a class has one builder, and the first id of it is its oldest), requests_open for the claimed.
            let rows = try sql.pipeline([
                (
                    """
                    SELECT c.builder, p.requests, r.created FROM (
                        SELECT match_class, count(*) AS requests, min(id) AS oldest FROM requests WHERE phase = 'pending' GROUP BY match_class
                    ) p JOIN match_classes c ON c.id = p.match_class JOIN requests r ON r.id = p.oldest
                    """, []
                ),
                ("SELECT builder, count(*) FROM requests WHERE phase = 'claimed' AND phase <> 'finished' GROUP BY builder", []),
            ])
            return [BuilderCounts](pending: rows[0], claimed: rows[1])
        }
    }

    public func why(_ request: RequestID) async throws -> WaitFacts? {
        try await read("reading why a request waits") { [self] sql -> WaitFacts? in
            guard let row = try RequestRow.find(request, sql) else { return nil }
            let applied = try sql.first("SELECT max(id) FROM configurations")?.optionalInt64(0).flatMap {
                try configuration(ConfigurationID($0), sql)
            }
            let isByProject = applied.map { !$0.configuration.projects.isEmpty } ?? false
            let rows = try sql.pipeline([
                (
                    "SELECT c.labels FROM requests r JOIN match_classes c ON c.id = r.match_class WHERE r.id = $1",
                    [.integer(request.rawValue)]
                ),
                // Indexes: requests_pending or requests_project, which hold all that is asked.
                (
                    isByProject ? Self.aheadInProject : Self.ahead,
                    [.integer(request.rawValue), .integer(row.priority)] + (isByProject ? [.text(row.stamp.project)] : [])
                ),
                (
                    "SELECT EXISTS (SELECT 1 FROM builds WHERE request = $1 AND started IS NOT NULL), coalesce($2, \(Self.clock))",
                    [.integer(request.rawValue), clockArgument]
                ),
            ])
            let labels = rows[0].first?.string(0) ?? "{}"
            return WaitFacts(
                request: row, required: try JSONText.decode(Labels.self, labels), ahead: row.phase == .pending ? rows[1].first?.int(0) ?? 0 : 0,
                workers: try WorkerRow.all(sql), build: try (row.answeredBy ?? row.builds.last).flatMap { try BuildRow.find($0, sql) },
                needs: row.phase == .waiting ? try NeedsGraph(Self.nodes(of: row.buildset, sql)).open(request) : [],
                bounds: try applied.flatMap { try bounds(of: row, $0.configuration, sql) },
                deadline: rows[2].first.flatMap { WaitFacts.Deadline(of: row, hasBegun: $0.bool(0), now: $0.time(1)) })
        }
    }
}

extension PostgresStore {
    private static let ahead = """
        SELECT count(*) FROM requests
        WHERE match_class = (SELECT match_class FROM requests WHERE id = $1) AND phase = 'pending'
            AND (priority > $2 OR (priority = $2 AND id < $1))
        """
    private static let aheadInProject = "\(ahead) AND project = $3"

    private func bounds(of request: RequestRow, _ configuration: Configuration, _ sql: PostgresTransaction) throws -> BoundFacts? {
        guard request.phase == .pending, configuration.boundedBuilders.contains(request.builder) else { return nil }
        let rows = try sql.pipeline([
            // Index: builds_open, which holds only open ones; then the numbers of buildsets and stamps.
            (
                """
                SELECT b.id, b.builder, b.assigned, s.project
                FROM builds b JOIN buildsets e ON e.id = b.buildset JOIN source_stamps s ON s.id = e.stamp WHERE b.phase <> 'finished'
                """, []
            ),
            // Indexes: the unique (builder, labels), then requests_pending from its beginning.
            (
                """
                SELECT r.id, r.builder FROM match_classes c CROSS JOIN LATERAL (
                    SELECT h.id, h.builder, h.priority FROM requests h
                    WHERE h.match_class = c.id AND h.phase = 'pending' AND h.cancel_reason IS NULL ORDER BY h.priority DESC, h.id LIMIT 1
                ) r WHERE c.builder = ANY ($1::text[]) AND (r.priority > $3 OR (r.priority = $3 AND r.id < $2)) ORDER BY r.priority DESC, r.id
                """,
                [.texts(configuration.rivals(of: request.builder).sorted()), .integer(request.id.rawValue), .integer(request.priority)]
            ),
            ("SELECT coalesce($1, \(Self.clock))", [clockArgument]),
        ])
        // Index: requests_project, which holds only what is pending.
        let projects =
            configuration.projects.isEmpty
            ? []
            : try sql.all(
                """
                SELECT p.project, r.created FROM (SELECT project, min(id) AS oldest FROM requests WHERE phase = 'pending' GROUP BY project) p
                JOIN requests r ON r.id = p.oldest ORDER BY p.project
                """)
        return BoundFacts(
            open: rows[0].map { .init(build: BuildID($0.int64(0)), builder: $0.string(1), project: $0.string(3), assigned: $0.time(2)) }
                .sorted { $0.build < $1.build },
            rivals: rows[1].map { .init(request: RequestID($0.int64(0)), builder: $0.string(1)) },
            projects: projects.map { .init(name: $0.string(0), oldest: $0.time(1)) }, now: rows[2].first?.time(0) ?? request.created)
    }

    private static func nodes(of buildset: BuildsetID, _ sql: PostgresTransaction) throws -> [NeedsGraph.Node] {
        try sql.all("SELECT \(NeedsGraph.Node.columns) FROM requests WHERE buildset = $1 ORDER BY id", [.integer(buildset.rawValue)]).map {
            try NeedsGraph.Node(stored: $0, from: 0)
        }
    }
}

extension RequestRow {
    fileprivate static let selection = """
        SELECT \(columns) FROM requests r JOIN buildsets b ON b.id = r.buildset JOIN source_stamps s ON s.id = b.stamp
        """

    fileprivate static func find(_ id: RequestID, _ sql: PostgresTransaction) throws -> RequestRow? {
        try read(try sql.all("\(selection) WHERE r.id = $1", [.integer(id.rawValue)]), sql).first
    }

    /// Adds to each row the builds of the request, oldest first. Index: the unique (request, attempt).
    fileprivate static func read(_ rows: [PostgresRow], _ sql: PostgresTransaction) throws -> [RequestRow] {
        guard !rows.isEmpty else { return [] }
        let builds = try sql.all(
            "SELECT request, id FROM builds WHERE request = ANY ($1::bigint[]) ORDER BY request, attempt",
            [.integers(rows.map { $0.int64(0) })]
        ).reduce(into: [Int64: [BuildID]]()) { $0[$1.int64(0), default: []].append(BuildID($1.int64(1))) }
        return try rows.map { try RequestRow(stored: $0, builds: builds[$0.int64(0)] ?? []) }
    }
}
