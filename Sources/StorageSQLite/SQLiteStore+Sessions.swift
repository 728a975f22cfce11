import Domain
import GRDB
import Storage

extension SQLiteStore: SessionStore {
    public func openSession(_ opening: SessionOpening) async throws -> OpenedSession {
        let (opened, ended) = try await write("opening a worker's session") { tx in try tx.open(opening) }
        await releaseLogs(ended)
        return opened
    }

    public func endSession(_ session: SessionID, lost: Bool, reason: String) async throws -> [LostBuild] {
        let (builds, ended) = try await write("ending a worker's session") { tx in
            try tx.endSession(session, lost: lost, reason: reason)
        }
        await releaseLogs(ended)
        return builds
    }

    public func session(_ session: SessionID) async throws -> WorkerSession? {
        try await read("reading a session") { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "\(WorkerSession.selection) WHERE s.id = ? AND s.ended IS NULL"), arguments: [session.rawValue]
            ).map(WorkerSession.init)
        }
    }

    public func openSessions() async throws -> [WorkerSession] {
        try await read("reading open sessions") { db in
            // Index: sessions_open, which holds only these.
            try Row.fetchAll(db.cachedStatement(sql: "\(WorkerSession.selection) WHERE s.ended IS NULL ORDER BY s.id")).map(WorkerSession.init)
        }
    }
}

extension WorkerSession {
    static let selection = """
        SELECT s.id, s.worker, s.incarnation, s.secret_hash, s.labels, s.slots, w.paused FROM sessions s JOIN workers w ON w.name = s.worker
        """

    init(_ row: Row) throws {
        self.init(
            id: SessionID(row[0]), worker: row[1], incarnation: row[2], secretHash: row[3], labels: try JSONText.decode(Labels.self, row[4]),
            slots: row[5], paused: row[6])
    }
}

extension SQLiteTransaction: SessionTransaction {
    private static let record = "SELECT id, worker, secret_hash, labels, slots, program_version, ended IS NOT NULL FROM sessions"

    func sessionRecord(worker: String, incarnation: String) throws -> SessionRecord? {
        try first("\(Self.record) WHERE worker = ? AND incarnation = ?", [worker, incarnation]).map(SessionRecord.init)
    }

    func openSessionID(of worker: String) throws -> SessionID? {
        // Index: sessions_open.
        try value(Int64.self, "SELECT id FROM sessions WHERE worker = ? AND ended IS NULL", [worker]).map { SessionID($0) }
    }

    func newestSession(of worker: String) throws -> SessionRecord? {
        try first("\(Self.record) WHERE worker = ? ORDER BY id DESC LIMIT 1", [worker]).map(SessionRecord.init)
    }

    func write(_ opening: SessionOpening, reopening: SessionID?) throws -> SessionID {
        let labels = try JSONText.encode(opening.labels)
        try run(
            """
            INSERT INTO workers (name, labels, slots, program_version, connected) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, slots = excluded.slots, program_version = excluded.program_version,
                connected = excluded.connected
            """,
            [opening.worker, labels, opening.slots, opening.version, now.microseconds])
        if let reopening {
            try run(
                "UPDATE sessions SET ended = NULL, labels = ?, slots = ?, program_version = ? WHERE id = ?",
                [labels, opening.slots, opening.version, reopening.rawValue])
            return reopening
        }
        try run(
            "INSERT INTO sessions (worker, incarnation, secret_hash, labels, slots, program_version, opened) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [opening.worker, opening.incarnation, opening.secretHash, labels, opening.slots, opening.version, now.microseconds])
        return SessionID(db.lastInsertedRowID)
    }

    func workerSession(_ id: SessionID) throws -> WorkerSession? {
        try first("\(WorkerSession.selection) WHERE s.id = ?", [id.rawValue]).map(WorkerSession.init)
    }

    func closeSession(_ id: SessionID) throws -> SessionRecord? {
        try first(
            """
            UPDATE sessions SET ended = ? WHERE id = ? AND ended IS NULL
            RETURNING id, worker, secret_hash, labels, slots, program_version, 1
            """,
            [now.microseconds, id.rawValue]
        ).map(SessionRecord.init)
    }

    func heldBuilds(of session: SessionID) throws -> [BuildID] {
        // Index: builds_open.
        try all("SELECT id FROM builds WHERE session = ? AND phase <> 'finished' ORDER BY id", [session.rawValue]).map { BuildID($0[0]) }
    }

    func isPaused(_ worker: String) throws -> Bool? {
        try value(Bool.self, "SELECT paused FROM workers WHERE name = ?", [worker])
    }

    func setPaused(_ worker: String, _ paused: Bool) throws {
        try run("UPDATE workers SET paused = ? WHERE name = ?", [paused, worker])
    }
}

extension SessionRecord {
    fileprivate init(_ row: Row) throws {
        self.init(
            id: SessionID(row[0]), worker: row[1], secretHash: row[2], labels: try JSONText.decode(Labels.self, row[3]), slots: row[4],
            version: row[5], isEnded: row[6])
    }
}
