import Domain
import GRDB
import Storage

extension SQLiteStore {
    public func requests(_ query: PageQuery<RequestFields>) async throws -> [RequestRow] {
        try await read("listing requests") { db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: requests_builder, requests_open for open phases, the unique (buildset, builder); otherwise the ids from one end.
            page.add("r.buildset = ?", fields.buildset?.rawValue)
            page.add("r.builder = ?", fields.builder)
            page.add("r.outcome = ?", fields.outcome?.rawValue)
            if let phase = fields.phase {
                page.add("r.phase = ?", phase.rawValue)
                if phase != .finished { page.add("r.phase <> 'finished'") }
            }
            guard let branch = fields.branch else {
                page.addAfter(query.after, ascending: "r.id > ?", descending: "r.id < ?")
                return try RequestRow.read(page.rows(db, RequestRow.selection, orderedBy: ["r.id"]), db)
            }
            // Requests are made with their buildset, so they have the order of their buildsets. Index: buildsets_branch, then (buildset, builder).
            page.add("b.branch = ?", branch)
            page.addAfter(query.after, ascending: "r.id > ?", descending: "r.id < ?")
            page.addAfter(
                query.after, ascending: "b.id >= (SELECT buildset FROM requests WHERE id = ?)",
                descending: "b.id <= (SELECT buildset FROM requests WHERE id = ?)")
            return try RequestRow.read(page.rows(db, RequestRow.selectionByBuildset, orderedBy: ["b.id", "r.id"]), db)
        }
    }

    public func request(_ id: RequestID) async throws -> RequestRow? {
        try await read("reading a request") { db in try RequestRow.find(id, db) }
    }

    public func requestsAnswered(by build: BuildID) async throws -> [RequestID] {
        try await read("listing what a build answers") { db in
            // Index: requests_answered.
            let statement = try db.cachedStatement(sql: "SELECT id FROM requests WHERE answered_by = ? ORDER BY id LIMIT 1000")
            return try Int64.fetchAll(statement, arguments: [build.rawValue]).map { RequestID($0) }
        }
    }

    public func builderCounts() async throws -> [BuilderCounts] {
        try await read("counting requests") { db in
            // Indexes: requests_pending alone (a class has one builder, and the first id of it is its oldest), requests_open for the claimed.
            let pending = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT c.builder, p.requests, r.created FROM (
                            SELECT match_class, count(*) AS requests, min(id) AS oldest FROM requests WHERE phase = 'pending' GROUP BY match_class
                        ) p JOIN match_classes c ON c.id = p.match_class JOIN requests r ON r.id = p.oldest
                        """))
            let claimed = try Row.fetchAll(
                db.cachedStatement(
                    sql: "SELECT builder, count(*) FROM requests WHERE phase = 'claimed' AND phase <> 'finished' GROUP BY builder"))
            return [BuilderCounts](pending: pending, claimed: claimed)
        }
    }

    public func why(_ request: RequestID) async throws -> WaitFacts? {
        let configuration = applied.withLock { $0 }?.configuration
        return try await read("reading why a request waits") { [clock] db in
            guard let row = try RequestRow.find(request, db) else { return nil }
            let labels = try String.fetchOne(
                db.cachedStatement(sql: "SELECT c.labels FROM requests r JOIN match_classes c ON c.id = r.match_class WHERE r.id = ?"),
                arguments: [request.rawValue])
            // Indexes: requests_pending or requests_project, which hold all that is asked.
            let isByProject = configuration.map { !$0.projects.isEmpty } ?? false
            let ahead = try Int.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT count(*) FROM requests
                        WHERE match_class = (SELECT match_class FROM requests WHERE id = ?1) AND phase = 'pending'
                            AND (priority > ?2 OR (priority = ?2 AND id < ?1)) AND (?3 IS NULL OR project = ?3)
                        """), arguments: [request.rawValue, row.priority, isByProject ? row.stamp.project : nil])
            let hasBegun = try Bool.fetchOne(
                db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM builds WHERE request = ? AND started IS NOT NULL)"),
                arguments: [request.rawValue])
            return WaitFacts(
                request: row, required: try JSONText.decode(Labels.self, labels ?? "{}"), ahead: row.phase == .pending ? ahead ?? 0 : 0,
                workers: try WorkerRow.all(db), build: try (row.answeredBy ?? row.builds.last).flatMap { try BuildRow.find($0, db) },
                needs: row.phase == .waiting ? try NeedsGraph(Self.nodes(of: row.buildset, db)).open(request) : [],
                bounds: try configuration.flatMap { try Self.bounds(of: row, $0, db, now: clock.now()) },
                deadline: WaitFacts.Deadline(of: row, hasBegun: hasBegun ?? false, now: clock.now()))
        }
    }
}

extension SQLiteStore {
    private static func bounds(
        of request: RequestRow, _ configuration: Domain.Configuration, _ db: Database, now: Timestamp
    ) throws -> BoundFacts? {
        guard request.phase == .pending, configuration.boundedBuilders.contains(request.builder) else { return nil }
        // Index: builds_open, which holds only open ones; then the numbers of buildsets and stamps.
        let open = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT b.id, b.builder, b.assigned, s.project
                    FROM builds b CROSS JOIN buildsets e ON e.id = b.buildset CROSS JOIN source_stamps s ON s.id = e.stamp WHERE b.phase <> 'finished'
                    """)
        ).map { BoundFacts.OpenBuild(build: BuildID($0[0]), builder: $0[1], project: $0[3], assigned: Timestamp(microseconds: $0[2])) }
        // Indexes: the unique (builder, labels), then requests_pending from its beginning.
        let builders = JSONText.encode(configuration.rivals(of: request.builder).sorted())
        let rivals = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT r.id, r.builder FROM match_classes c CROSS JOIN requests r ON r.id = (
                        SELECT h.id FROM requests h WHERE h.match_class = c.id AND h.phase = 'pending' AND h.cancel_reason IS NULL
                        ORDER BY h.priority DESC, h.id LIMIT 1)
                    WHERE c.builder IN (SELECT value FROM json_each(?1)) AND (r.priority > ?3 OR (r.priority = ?3 AND r.id < ?2))
                    ORDER BY r.priority DESC, r.id
                    """),
            arguments: [builders, request.id.rawValue, request.priority]
        ).map { BoundFacts.Rival(request: RequestID($0[0]), builder: $0[1]) }
        let projects = configuration.projects.isEmpty ? [] : try waitingProjects(db)
        return BoundFacts(open: open.sorted { $0.build < $1.build }, rivals: rivals, projects: projects, now: now)
    }

    /// Index: requests_project, which holds only what is pending.
    private static func waitingProjects(_ db: Database) throws -> [BoundFacts.WaitingProject] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT p.project, r.created FROM (SELECT project, min(id) AS oldest FROM requests WHERE phase = 'pending' GROUP BY project) p
                JOIN requests r ON r.id = p.oldest ORDER BY p.project
                """)
        return try Row.fetchAll(statement).map { BoundFacts.WaitingProject(name: $0[0], oldest: Timestamp(microseconds: $0[1])) }
    }

    private static func nodes(of buildset: BuildsetID, _ db: Database) throws -> [NeedsGraph.Node] {
        let statement = try db.cachedStatement(sql: "SELECT \(NeedsGraph.Node.columns) FROM requests WHERE buildset = ? ORDER BY id")
        return try Row.fetchAll(statement, arguments: [buildset.rawValue]).map { try NeedsGraph.Node(stored: $0, from: 0) }
    }
}

extension RequestRow {
    static let selection = """
        SELECT \(columns) FROM requests r JOIN buildsets b ON b.id = r.buildset JOIN source_stamps s ON s.id = b.stamp
        """
    /// The same, read in the order of the buildsets.
    static let selectionByBuildset = """
        SELECT \(columns) FROM buildsets b CROSS JOIN requests r ON r.buildset = b.id CROSS JOIN source_stamps s ON s.id = b.stamp
        """

    static func find(_ id: RequestID, _ db: Database) throws -> RequestRow? {
        let rows = try Row.fetchAll(db.cachedStatement(sql: "\(selection) WHERE r.id = ?"), arguments: [id.rawValue])
        return try read(rows, db).first
    }

    /// Adds to each row the builds of the request, oldest first. Index: the unique (request, attempt).
    static func read(_ rows: [Row], _ db: Database) throws -> [RequestRow] {
        guard !rows.isEmpty else { return [] }
        let statement = try db.cachedStatement(
            sql: "SELECT request, id FROM builds WHERE request IN (SELECT value FROM json_each(?)) ORDER BY request, attempt")
        let builds = try Row.fetchAll(statement, arguments: [JSONText.list(rows.map { $0[0] as Int64 })]).reduce(into: [Int64: [BuildID]]()) {
            $0[$1[0], default: []].append(BuildID($1[1]))
        }
        return try rows.map { try RequestRow(stored: $0, builds: builds[$0[0]] ?? []) }
    }
}
