import Domain
import Storage

extension PostgresStore: QueryStore {
    public func changes(_ query: PageQuery<ChangeFilterFields>) async throws -> [Change] {
        try await read("listing changes") { sql in
            var page = PostgresPage(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: changes_chain and the key of change_tellings, changes_branch, changes_revision; otherwise the ids from one end.
            page.add("c.branch = ?", .text(fields.branch))
            page.add("c.revision = ?", .text(fields.revision))
            page.add("c.project = ?", .text(fields.project))
            page.add("c.repository = ?", .text(fields.repository))
            page.add("c.author = ?", .text(fields.author))
            page.add("c.source = ?", .text(fields.source))
            page.add(
                "c.id IN (SELECT n.id FROM (SELECT id, chain FROM changes UNION ALL SELECT change, chain FROM change_tellings) n WHERE n.chain = ?)",
                .text(fields.chain?.rawValue))
            page.add("c.project = ANY (?::text[])", fields.projects.map { .texts($0) } ?? .null)
            try page.add(query.times, of: .changes, sql)
            page.addAfter(query.after, ascending: "c.id > ?", descending: "c.id < ?")
            return try page.rows(sql, Change.selection, orderedBy: ["c.id"]).map { try Change(stored: $0) }
        }
    }

    public func change(_ id: ChangeID) async throws -> Change? {
        try await read("reading a change") { sql in
            try sql.first("\(Change.selection) WHERE c.id = $1", [.integer(id.rawValue)]).map { try Change(stored: $0) }
        }
    }

    public func tellings(of change: ChangeID) async throws -> [ChangeTelling] {
        try await read("reading who told of a change") { sql in
            // Index: change_tellings_change.
            try sql.all(
                "SELECT source, chain, told FROM change_tellings WHERE change = $1 ORDER BY told, source", [.integer(change.rawValue)]
            ).map { ChangeTelling(source: $0.string(0), chain: ChainID($0.string(1)), told: $0.time(2)) }
        }
    }

    public func buildsets(_ query: PageQuery<BuildsetFields>) async throws -> [BuildsetRow] {
        try await read("listing buildsets") { sql in
            var page = PostgresPage(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: buildsets_branch, buildsets_scheduler, buildsets_open, source_stamps_revision with buildsets_stamp, and the key of
            // buildset_changes; otherwise the ids from one end.
            page.add("b.branch = ?", .text(fields.branch))
            page.add("b.scheduler = ?", .text(fields.scheduler))
            page.add("b.stamp IN (SELECT id FROM source_stamps WHERE revision = ?)", .text(fields.revision))
            page.add("b.id IN (SELECT buildset FROM buildset_changes WHERE change = ?)", .integer(fields.change?.rawValue))
            page.add("b.outcome = ?", .text(fields.outcome?.rawValue))
            if let finished = fields.finished { page.add(finished ? "b.finished IS NOT NULL" : "b.finished IS NULL") }
            page.add("s.project = ANY (?::text[])", fields.projects.map { .texts($0) } ?? .null)
            try page.add(query.times, of: .buildsets, sql)
            page.addAfter(query.after, ascending: "b.id > ?", descending: "b.id < ?")
            return try page.rows(sql, BuildsetRow.selection, orderedBy: ["b.id"]).map { try BuildsetRow(stored: $0) }
        }
    }

    public func buildset(_ id: BuildsetID) async throws -> BuildsetRow? {
        try await read("reading a buildset") { sql in
            try sql.first("\(BuildsetRow.selection) WHERE b.id = $1", [.integer(id.rawValue)]).map { try BuildsetRow(stored: $0) }
        }
    }

    public func builds(_ query: PageQuery<BuildFields>) async throws -> [BuildRow] {
        try await read("listing builds") { sql in
            var page = PostgresPage(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: builds_builder, builds_worker, builds_branch, builds_buildset, the unique (request, attempt), builds_open for open phases,
            // source_stamps_revision with buildsets_stamp and builds_buildset; otherwise the ids from one end.
            page.add("b.builder = ?", .text(fields.builder))
            page.add("b.worker = ?", .text(fields.worker))
            page.add("b.branch = ?", .text(fields.branch))
            page.add("b.request = ?", .integer(fields.request?.rawValue))
            try page.add(query.times, of: .builds, sql)
            page.add("b.buildset = ?", .integer(fields.buildset?.rawValue))
            page.add(
                "b.buildset IN (SELECT e.id FROM source_stamps t JOIN buildsets e ON e.stamp = t.id WHERE t.revision = ?)", .text(fields.revision))
            page.add("b.outcome = ?", .text(fields.outcome?.rawValue))
            if let phase = fields.phase {
                page.add("b.phase = ?", .text(phase.rawValue))
                if phase != .finished { page.add("b.phase <> 'finished'") }
            }
            page.add("s.project = ANY (?::text[])", fields.projects.map { .texts($0) } ?? .null)
            page.addAfter(query.after, ascending: "b.id > ?", descending: "b.id < ?")
            return try page.rows(sql, BuildRow.selection, orderedBy: ["b.id"]).map { try BuildRow(stored: $0) }
        }
    }

    public func build(_ id: BuildID) async throws -> BuildRow? {
        try await read("reading a build") { try BuildRow.find(id, $0) }
    }

    public func steps(of build: BuildID) async throws -> [StepRow] {
        try await read("reading a build's steps") { sql in
            try sql.all(
                "SELECT \(StepRow.columns) FROM steps s JOIN builds b ON b.id = s.build WHERE s.build = $1 ORDER BY s.number, s.attempt",
                [.integer(build.rawValue)]
            ).map { try StepRow(stored: $0, of: build) }
        }
    }

    public func workers() async throws -> [WorkerRow] {
        try await read("listing workers") { try WorkerRow.all($0) }
    }

    public func sources() async throws -> [String: SourceState] {
        try await read("listing sources") { sql in
            try sql.all("SELECT name, position, health FROM sources").reduce(into: [:]) { $0[$1.string(0)] = try SourceState(stored: $1, from: 1) }
        }
    }
}

extension Change {
    fileprivate static let selection = "SELECT \(columns) FROM changes c"
}

extension BuildRow {
    static func find(_ id: BuildID, _ sql: PostgresTransaction) throws -> BuildRow? {
        try sql.first("\(selection) WHERE b.id = $1", [.integer(id.rawValue)]).map { try BuildRow(stored: $0) }
    }
}

extension WorkerRow {
    /// Indexes: sessions_open and builds_open; there are never more rows than workers and their slots.
    static func all(_ sql: PostgresTransaction) throws -> [WorkerRow] {
        let rows = try sql.pipeline([
            ("SELECT worker, id FROM builds WHERE phase <> 'finished' ORDER BY id", []),
            (
                """
                SELECT w.name, w.labels, w.slots, w.program_version, s.id IS NOT NULL, w.paused, w.connected
                FROM workers w LEFT JOIN sessions s ON s.worker = w.name AND s.ended IS NULL ORDER BY w.name COLLATE "C"
                """, []
            ),
        ])
        let builds = rows[0].reduce(into: [String: [BuildID]]()) { $0[$1.string(0), default: []].append(BuildID($1.int64(1))) }
        return try rows[1].map { try WorkerRow(stored: $0, builds: builds[$0.string(0)] ?? []) }
    }
}
