import Domain
import GRDB
import Storage

extension SQLiteStore: QueryStore {
    public func changes(_ query: PageQuery<ChangeFilterFields>) async throws -> [Change] {
        try await read("listing changes") { db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: changes_chain and the key of change_tellings, changes_branch, changes_revision; otherwise the ids from one end.
            page.add("c.branch = ?", fields.branch)
            page.add("c.revision = ?", fields.revision)
            page.add("c.project = ?", fields.project)
            page.add("c.repository = ?", fields.repository)
            page.add("c.author = ?", fields.author)
            page.add("c.source = ?", fields.source)
            page.add(
                "c.id IN (SELECT n.id FROM (SELECT id, chain FROM changes UNION ALL SELECT change, chain FROM change_tellings) n WHERE n.chain = ?)",
                fields.chain?.rawValue)
            page.add("c.project IN (SELECT value FROM json_each(?))", fields.projects.map { JSONText.encode($0) })
            try page.add(query.times, of: .changes, db)
            page.addAfter(query.after, ascending: "c.id > ?", descending: "c.id < ?")
            return try page.rows(db, Change.selection, orderedBy: ["c.id"]).map { try Change(stored: $0) }
        }
    }

    public func change(_ id: ChangeID) async throws -> Change? {
        try await read("reading a change") { db in
            try Row.fetchOne(db.cachedStatement(sql: "\(Change.selection) WHERE c.id = ?"), arguments: [id.rawValue]).map { try Change(stored: $0) }
        }
    }

    public func tellings(of change: ChangeID) async throws -> [ChangeTelling] {
        try await read("reading who told of a change") { db in
            // Index: change_tellings_change.
            try Row.fetchAll(
                db.cachedStatement(sql: "SELECT source, chain, told FROM change_tellings WHERE change = ? ORDER BY told, source"),
                arguments: [change.rawValue]
            ).map { ChangeTelling(source: $0[0], chain: ChainID($0[1]), told: Timestamp(microseconds: $0[2])) }
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
            page.add("s.project IN (SELECT value FROM json_each(?))", fields.projects.map { JSONText.encode($0) })
            try page.add(query.times, of: .buildsets, db)
            page.addAfter(query.after, ascending: "b.id > ?", descending: "b.id < ?")
            return try page.rows(db, BuildsetRow.selection, orderedBy: ["b.id"]).map { try BuildsetRow(stored: $0) }
        }
    }

    public func buildset(_ id: BuildsetID) async throws -> BuildsetRow? {
        try await read("reading a buildset") { db in
            try Row.fetchOne(db.cachedStatement(sql: "\(BuildsetRow.selection) WHERE b.id = ?"), arguments: [id.rawValue])
                .map { try BuildsetRow(stored: $0) }
        }
    }

    public func sources() async throws -> [String: SourceState] {
        try await read("listing sources") { db in
            try Row.fetchAll(db.cachedStatement(sql: "SELECT name, position, health FROM sources")).reduce(into: [:]) { states, row in
                states[row[0]] = try SourceState(stored: row, from: 1)
            }
        }
    }
}

extension Change {
    static let selection = "SELECT \(columns) FROM changes c"
}
