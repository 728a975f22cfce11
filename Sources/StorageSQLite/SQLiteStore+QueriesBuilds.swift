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
            page.addAfter(query.after, ascending: "b.id > ?", descending: "b.id < ?")
            return try page.rows(db, BuildRow.selection, orderedBy: ["b.id"]).map(BuildRow.init)
        }
    }

    public func build(_ id: BuildID) async throws -> BuildRow? {
        try await read("reading a build") { db in try BuildRow.find(id, db) }
    }

    public func steps(of build: BuildID) async throws -> [StepRow] {
        try await read("reading a build's steps") { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT s.number, s.attempt, s.name, s.phase, s.outcome, s.cause, s.exit_status, s.signal, s.duration_ms, s.text, s.started,
                        s.finished, b.builder
                    FROM steps s JOIN builds b ON b.id = s.build WHERE s.build = ? ORDER BY s.number, s.attempt
                    """)
            return try Row.fetchAll(statement, arguments: [build.rawValue]).map { row in
                guard let phase = StepPhase(rawValue: row[3]) else { throw StoreError.internalError("a step of build \(build) has an unknown phase") }
                let text: String = row[9]
                return StepRow(
                    fact: StepFact(
                        build: build, builder: row[12], number: row[0], name: row[2], attempt: row[1], phase: phase,
                        outcome: (row[4] as String?).flatMap(Outcome.init), cause: (row[5] as String?).flatMap(Cause.init), exitStatus: row[6],
                        signal: row[7], durationMilliseconds: row[8], text: text.isEmpty ? nil : text),
                    started: Timestamp(microseconds: row[10]), finished: Timestamp(stored: row[11]))
            }
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
    static let selection = """
        SELECT b.id, b.request, b.buildset, b.builder, b.worker, b.session, b.attempt, b.phase, b.outcome, b.cause, b.text, b.fence, b.assigned,
            b.started, b.finished, s.project, s.repository, s.branch, s.revision, s.codebase, e.chain, e.reason, e.author, e.comments, e.changes,
            e.properties
        FROM builds b JOIN buildsets e ON e.id = b.buildset JOIN source_stamps s ON s.id = e.stamp
        """

    static func find(_ id: BuildID, _ db: Database) throws -> BuildRow? {
        try Row.fetchOne(db.cachedStatement(sql: "\(selection) WHERE b.id = ?"), arguments: [id.rawValue]).map(BuildRow.init)
    }

    init(_ row: Row) throws {
        guard let phase = BuildPhase(rawValue: row[7]) else { throw StoreError.internalError("build \(row[0] as Int64) has an unknown phase") }
        self.init(
            id: BuildID(row[0]), request: RequestID(row[1]), buildset: BuildsetID(row[2]), builder: row[3], worker: row[4],
            session: SessionID(row[5]), attempt: row[6], phase: phase, outcome: (row[8] as String?).flatMap(Outcome.init),
            cause: (row[9] as String?).flatMap(Cause.init), text: row[10], fence: Fence(row[11]), assigned: Timestamp(microseconds: row[12]),
            started: Timestamp(stored: row[13]), finished: Timestamp(stored: row[14]), stamp: SourceStamp(row, from: 15), chain: ChainID(row[20]),
            reason: row[21], author: row[22], comments: row[23], changes: try JSONText.decode([ChangeID].self, row[24]),
            properties: try JSONText.decode(Properties.self, row[25]))
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
        return try rows.map { row in
            WorkerRow(
                name: row[0], labels: try JSONText.decode(Labels.self, row[1]), slots: row[2], version: row[3], connected: row[4],
                paused: row[5], lastConnected: Timestamp(microseconds: row[6]), builds: builds[row[0]] ?? [])
        }
    }
}
