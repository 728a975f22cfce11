import Domain
import GRDB
import Storage

extension SQLiteStore {
    public func builds(_ query: PageQuery<BuildFields>) async throws -> [BuildRow] {
        try await read("listing builds") { db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: builds_builder, builds_worker, builds_branch, builds_buildset, the unique (request, attempt), builds_open for open phases,
            // source_stamps_revision with buildsets_stamp and builds_buildset; otherwise the ids from one end.
            page.add("b.builder = ?", fields.builder)
            page.add("b.worker = ?", fields.worker)
            page.add("b.branch = ?", fields.branch)
            page.add("b.request = ?", fields.request?.rawValue)
            try page.add(query.times, of: .builds, db)
            page.add("b.buildset = ?", fields.buildset?.rawValue)
            page.add(
                """
                b.buildset IN (SELECT e.id FROM source_stamps t JOIN buildsets e ON e.stamp = t.id WHERE t.revision = ?)
                """, fields.revision)
            page.add("b.outcome = ?", fields.outcome?.rawValue)
            if let phase = fields.phase {
                page.add("b.phase = ?", phase.rawValue)
                if phase != .finished { page.add("b.phase <> 'finished'") }
            }
            page.add("s.project IN (SELECT value FROM json_each(?))", fields.projects.map { JSONText.encode($0) })
            page.addAfter(query.after, ascending: "b.id > ?", descending: "b.id < ?")
            return try page.rows(db, BuildRow.selection, orderedBy: ["b.id"]).map { try BuildRow(stored: $0) }
        }
    }

    public func build(_ id: BuildID) async throws -> BuildRow? {
        try await read("reading a build") { db in try BuildRow.find(id, db) }
    }

    public func steps(of build: BuildID) async throws -> [StepRow] {
        try await read("reading a build's steps") { db in
            let statement = try db.cachedStatement(
                sql: "SELECT \(StepRow.columns) FROM steps s JOIN builds b ON b.id = s.build WHERE s.build = ? ORDER BY s.number, s.attempt")
            return try Row.fetchAll(statement, arguments: [build.rawValue]).map { try StepRow(stored: $0, of: build) }
        }
    }

    public func logs(of build: BuildID) async throws -> [LogStatus] {
        try await read("listing a build's logs") { [logs] db in
            let statement = try db.cachedStatement(
                sql: "SELECT build, name, step, size, sha256, closed FROM logs WHERE build = ? ORDER BY step, name")
            return try Row.fetchAll(statement, arguments: [build.rawValue]).map { LogStatus($0, logs) }
        }
    }

    public func workers() async throws -> [WorkerRow] {
        try await read("listing workers") { db in try WorkerRow.all(db) }
    }
}

extension BuildRow {
    static func find(_ id: BuildID, _ db: Database) throws -> BuildRow? {
        try Row.fetchOne(db.cachedStatement(sql: "\(selection) WHERE b.id = ?"), arguments: [id.rawValue]).map { try BuildRow(stored: $0) }
    }
}

extension WorkerRow {
    /// Indexes: sessions_open and builds_open; there are never more rows than workers and their slots.
    static func all(_ db: Database) throws -> [WorkerRow] {
        let builds = try Row.fetchAll(
            db.cachedStatement(sql: "SELECT worker, id FROM builds WHERE phase <> 'finished' ORDER BY id")
        ).reduce(into: [String: [BuildID]]()) { $0[$1[0], default: []].append(BuildID($1[1])) }
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT w.name, w.labels, w.slots, w.program_version, s.id IS NOT NULL, w.paused, w.connected
                    FROM workers w LEFT JOIN sessions s ON s.worker = w.name AND s.ended IS NULL ORDER BY w.name
                    """))
        return try rows.map { try WorkerRow(stored: $0, builds: builds[$0[0]] ?? []) }
    }
}
