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
            try page.add(query.times, of: .requests, db)
            if let phase = fields.phase {
                page.add("r.phase = ?", phase.rawValue)
                if phase != .finished { page.add("r.phase <> 'finished'") }
            }
            page.add("s.project IN (SELECT value FROM json_each(?))", fields.projects.map { JSONText.encode($0) })
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
