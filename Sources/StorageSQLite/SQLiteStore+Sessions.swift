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
            ).map { try WorkerSession(stored: $0) }
        }
    }

    /// One dispatcher: its memory of what it heard is better than any row.
    public func heard(_ sessions: [SessionID]) async throws {}

    public func silentSessions(reachableSince: Timestamp) async throws -> [WorkerSession]? { nil }

    public func openSessions() async throws -> [WorkerSession] {
        try await read("reading open sessions") { db in
            // Index: sessions_open, which holds only these.
            try Row.fetchAll(db.cachedStatement(sql: "\(WorkerSession.selection) WHERE s.ended IS NULL ORDER BY s.id")).map {
                try WorkerSession(stored: $0)
            }
        }
    }
}

extension WorkerSession {
    static let selection = "SELECT \(columns) FROM sessions s JOIN workers w ON w.name = s.worker"
}

extension SQLiteTransaction: SessionTransaction {
    private static let record = "SELECT \(SessionRecord.columns) FROM sessions"

    func sessionRecord(worker: String, incarnation: String) throws -> SessionRecord? {
        try first("\(Self.record) WHERE worker = ? AND incarnation = ?", [worker, incarnation]).map { try SessionRecord(stored: $0) }
    }

    func openSessionID(of worker: String) throws -> SessionID? {
        // Index: sessions_open.
        try value(Int64.self, "SELECT id FROM sessions WHERE worker = ? AND ended IS NULL", [worker]).map { SessionID($0) }
    }

    func newestSession(of worker: String) throws -> SessionRecord? {
        try first("\(Self.record) WHERE worker = ? ORDER BY id DESC LIMIT 1", [worker]).map { try SessionRecord(stored: $0) }
    }

    func setToken(_ token: TokenID?, of session: SessionID) throws {
        try run("UPDATE sessions SET token = ? WHERE id = ?", [token?.rawValue, session.rawValue])
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
                "UPDATE sessions SET ended = NULL, labels = ?, slots = ?, program_version = ?, token = ? WHERE id = ?",
                [labels, opening.slots, opening.version, opening.token?.rawValue, reopening.rawValue])
            return reopening
        }
        try run(
            """
            INSERT INTO sessions (worker, incarnation, secret_hash, labels, slots, program_version, opened, token) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                opening.worker, opening.incarnation, opening.secretHash, labels, opening.slots, opening.version, now.microseconds,
                opening.token?.rawValue,
            ])
        return SessionID(db.lastInsertedRowID)
    }

    func workerSession(_ id: SessionID) throws -> WorkerSession? {
        try first("\(WorkerSession.selection) WHERE s.id = ?", [id.rawValue]).map { try WorkerSession(stored: $0) }
    }

    func closeSession(_ id: SessionID) throws -> SessionRecord? {
        try first(
            """
            UPDATE sessions SET ended = ? WHERE id = ? AND ended IS NULL
            RETURNING \(SessionRecord.columns)
            """,
            [now.microseconds, id.rawValue]
        ).map { try SessionRecord(stored: $0) }
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
