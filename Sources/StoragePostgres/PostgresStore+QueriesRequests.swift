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
            try page.add(query.times, of: .requests, sql)
            page.add("b.branch = ?", .text(fields.branch))
            if let phase = fields.phase {
                page.add("r.phase = ?", .text(phase.rawValue))
                if phase != .finished { page.add("r.phase <> 'finished'") }
            }
            page.add("s.project = ANY (?::text[])", fields.projects.map { .texts($0) } ?? .null)
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
}

extension RequestRow {
    fileprivate static let selection = """
        SELECT \(columns) FROM requests r JOIN buildsets b ON b.id = r.buildset JOIN source_stamps s ON s.id = b.stamp
        """

    static func find(_ id: RequestID, _ sql: PostgresTransaction) throws -> RequestRow? {
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
