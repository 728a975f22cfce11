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
