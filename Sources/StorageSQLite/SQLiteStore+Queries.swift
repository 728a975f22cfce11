import Domain
import GRDB
import Storage

extension SQLiteStore: QueryStore {
    public func changes(_ query: PageQuery<ChangeFilterFields>) async throws -> [Change] {
        try await read("listing changes") { db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: changes_branch, changes_revision; otherwise the ids from one end.
            page.add("c.branch = ?", fields.branch)
            page.add("c.revision = ?", fields.revision)
            page.add("c.project = ?", fields.project)
            page.add("c.repository = ?", fields.repository)
            page.add("c.author = ?", fields.author)
            page.add("c.source = ?", fields.source)
            page.addAfter(query.after, ascending: "c.id > ?", descending: "c.id < ?")
            return try page.rows(db, Change.selection, orderedBy: ["c.id"]).map(Change.init)
        }
    }

    public func change(_ id: ChangeID) async throws -> Change? {
        try await read("reading a change") { db in
            try Row.fetchOne(db.cachedStatement(sql: "\(Change.selection) WHERE c.id = ?"), arguments: [id.rawValue]).map(Change.init)
        }
    }

    public func buildsets(_ query: PageQuery<BuildsetFields>) async throws -> [BuildsetRow] {
        try await read("listing buildsets") { db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: buildsets_branch, buildsets_scheduler, buildsets_open, source_stamps_revision with buildsets_stamp, and the key of
            // buildset_changes; otherwise the ids from one end.
            page.add("b.branch = ?", fields.branch)
            page.add("b.scheduler = ?", fields.scheduler)
            page.add("b.stamp IN (SELECT id FROM source_stamps WHERE revision = ?)", fields.revision)
            page.add("b.id IN (SELECT buildset FROM buildset_changes WHERE change = ?)", fields.change?.rawValue)
            page.add("b.outcome = ?", fields.outcome?.rawValue)
            if let finished = fields.finished { page.add(finished ? "b.finished IS NOT NULL" : "b.finished IS NULL") }
            page.addAfter(query.after, ascending: "b.id > ?", descending: "b.id < ?")
            return try page.rows(db, BuildsetRow.selection, orderedBy: ["b.id"]).map(BuildsetRow.init)
        }
    }

    public func buildset(_ id: BuildsetID) async throws -> BuildsetRow? {
        try await read("reading a buildset") { db in
            try Row.fetchOne(db.cachedStatement(sql: "\(BuildsetRow.selection) WHERE b.id = ?"), arguments: [id.rawValue])
                .map(BuildsetRow.init)
        }
    }

    public func sources() async throws -> [String: SourceState] {
        try await read("listing sources") { db in
            try Row.fetchAll(db.cachedStatement(sql: "SELECT name, position, health FROM sources")).reduce(into: [:]) { states, row in
                let name: String = row[0]
                let health: String? = row[2]
                states[name] = SourceState(position: row[1], health: try health.map { try JSONText.decode(SourceHealth.self, $0) })
            }
        }
    }
}

extension Change {
    static let selection = "SELECT \(columns) FROM changes c"
}

extension BuildsetRow {
    static let selection = """
        SELECT b.id, b.scheduler, b.reason, b.chain, b.parents, b.changes, b.created, b.finished, b.outcome, b.open_requests, b.properties,
            s.project, s.repository, s.branch, s.revision, s.codebase
        FROM buildsets b JOIN source_stamps s ON s.id = b.stamp
        """

    init(_ row: Row) throws {
        self.init(
            id: BuildsetID(row[0]), scheduler: row[1], reason: row[2], chain: ChainID(row[3]),
            parents: try JSONText.decode([ChainID].self, row[4]), stamp: SourceStamp(row, from: 11),
            changes: try JSONText.decode([ChangeID].self, row[5]), created: Timestamp(microseconds: row[6]), finished: Timestamp(stored: row[7]),
            outcome: (row[8] as String?).flatMap(Outcome.init), openRequests: row[9],
            properties: try JSONText.decode(Properties.self, row[10]))
    }
}

extension SourceStamp {
    /// Columns from `first`: project, repository, branch, revision, codebase.
    init(_ row: Row, from first: Int) {
        self.init(
            project: row[first], repository: row[first + 1], branch: row[first + 2], revision: row[first + 3], codebase: row[first + 4])
    }
}

extension Timestamp {
    /// A column that may be empty.
    init?(stored microseconds: Int64?) {
        guard let microseconds else { return nil }
        self.init(microseconds: microseconds)
    }
}
