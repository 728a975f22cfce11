import Domain
import Storage

extension PostgresStore: SessionStore {
    public func openSession(_ opening: SessionOpening) async throws -> OpenedSession {
        try await write("opening a worker's session") { try $0.open(opening).0 }
    }

    public func endSession(_ session: SessionID, lost: Bool, reason: String) async throws -> [LostBuild] {
        try await write("ending a worker's session") { try $0.endSession(session, lost: lost, reason: reason).0 }
    }

    public func session(_ session: SessionID) async throws -> WorkerSession? {
        try await read("reading a session") { sql in
            try sql.first("\(WorkerSession.selection) WHERE s.id = $1 AND s.ended IS NULL", [.integer(session.rawValue)])
                .map { try WorkerSession(stored: $0) }
        }
    }

    public func openSessions() async throws -> [WorkerSession] {
        try await read("reading open sessions") { sql in
            // Index: sessions_open, which holds only these.
            try sql.all("\(WorkerSession.selection) WHERE s.ended IS NULL ORDER BY s.id").map { try WorkerSession(stored: $0) }
        }
    }

    public func heard(_ sessions: [SessionID]) async throws {
        guard !sessions.isEmpty else { return }
        try await pool.single(
            "noting which workers were heard of",
            """
            UPDATE sessions SET heard = coalesce($2, \(Self.clock))
            WHERE id IN (SELECT id FROM sessions WHERE id = ANY ($1::bigint[]) AND ended IS NULL ORDER BY id FOR NO KEY UPDATE)
            """,
            [.integers(sessions.map(\.rawValue)), clockArgument])
    }

    public func silentSessions(reachableSince: Timestamp) async throws -> [WorkerSession]? {
        // Index: sessions_open, which holds only the workers that are here: what is silent is judged by the one rule of leases.
        let (now, sessions) = try await pool.single(
            "looking for silent workers",
            """
            SELECT \(WorkerSession.columns), s.heard, coalesce($1, \(Self.clock)) FROM sessions s JOIN workers w ON w.name = s.worker
            WHERE s.ended IS NULL ORDER BY s.id
            """, [clockArgument]
        ) { rows in
            let sessions = try rows.map { (heard: $0.time(WorkerSession.columnCount), try WorkerSession(stored: $0)) }
            return (rows.first?.time(WorkerSession.columnCount + 1), sessions)
        }
        guard let now else { return [] }
        return sessions.filter { lease.end(renewed: $0.heard, reachableSince: reachableSince) <= now }.map(\.1)
    }
}

extension WorkerSession {
    fileprivate static let columnCount = 8
    fileprivate static let selection = "SELECT \(columns) FROM sessions s JOIN workers w ON w.name = s.worker"
}

extension PostgresStoreTransaction: SessionTransaction {
    func sessionRecord(worker: String, incarnation: String) throws -> SessionRecord? {
        // Two starts of one worker at once: the second waits here, also when the worker was never seen before.
        try sql.pipeline([
            ("SELECT pg_advisory_xact_lock(1685021554, hashtext($1))", [.text("worker " + worker)]),
            ("SELECT \(SessionRecord.columns) FROM sessions WHERE worker = $1 AND incarnation = $2", [.text(worker), .text(incarnation)]),
        ])[1].first.map { try SessionRecord(stored: $0) }
    }

    func openSessionID(of worker: String) throws -> SessionID? {
        // Index: sessions_open.
        try sql.first("SELECT id FROM sessions WHERE worker = $1 AND ended IS NULL", [.text(worker)]).map { SessionID($0.int64(0)) }
    }

    func newestSession(of worker: String) throws -> SessionRecord? {
        try sql.first("SELECT \(SessionRecord.columns) FROM sessions WHERE worker = $1 ORDER BY id DESC LIMIT 1", [.text(worker)])
            .map { try SessionRecord(stored: $0) }
    }

    func setToken(_ token: TokenID?, of session: SessionID) throws {
        try sql.run("UPDATE sessions SET token = $1 WHERE id = $2", [.integer(token?.rawValue), .integer(session.rawValue)])
    }

    func write(_ opening: SessionOpening, reopening: SessionID?) throws -> SessionID {
        let labels = PostgresValue.text(try JSONText.encode(opening.labels))
        let time = PostgresValue.integer(try now.microseconds)
        sql.later(
            """
            INSERT INTO workers (name, labels, slots, program_version, connected) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, slots = excluded.slots, program_version = excluded.program_version,
                connected = excluded.connected
            """,
            [.text(opening.worker), labels, .integer(opening.slots), .text(opening.version), time])
        if let reopening {
            try sql.run(
                "UPDATE sessions SET ended = NULL, labels = $1, slots = $2, program_version = $3, heard = $4, token = $6 WHERE id = $5",
                [
                    labels, .integer(opening.slots), .text(opening.version), time, .integer(reopening.rawValue), .integer(opening.token?.rawValue),
                ])
            return reopening
        }
        let row = try sql.first(
            """
            INSERT INTO sessions (worker, incarnation, secret_hash, labels, slots, program_version, opened, heard, token)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) RETURNING id
            """,
            [
                .text(opening.worker), .text(opening.incarnation), .text(opening.secretHash), labels, .integer(opening.slots),
                .text(opening.version), time, .integer(opening.token?.rawValue),
            ])
        guard let row else { throw StoreError.internalError("a session was not made") }
        return SessionID(row.int64(0))
    }

    func workerSession(_ id: SessionID) throws -> WorkerSession? {
        try sql.first("\(WorkerSession.selection) WHERE s.id = $1", [.integer(id.rawValue)]).map { try WorkerSession(stored: $0) }
    }

    func closeSession(_ id: SessionID) throws -> SessionRecord? {
        try sql.first(
            "UPDATE sessions SET ended = $1 WHERE id = $2 AND ended IS NULL RETURNING \(SessionRecord.columns)",
            [.integer(now.microseconds), .integer(id.rawValue)]
        ).map { try SessionRecord(stored: $0) }
    }

    func heldBuilds(of session: SessionID) throws -> [BuildID] {
        // Index: builds_open.
        try sql.all("SELECT id FROM builds WHERE session = $1 AND phase <> 'finished' ORDER BY id", [.integer(session.rawValue)])
            .map { BuildID($0.int64(0)) }
    }

    func isPaused(_ worker: String) throws -> Bool? {
        try sql.first("SELECT paused FROM workers WHERE name = $1 FOR UPDATE", [.text(worker)])?.bool(0)
    }

    func setPaused(_ worker: String, _ paused: Bool) throws {
        sql.later("UPDATE workers SET paused = $2 WHERE name = $1", [.text(worker), .boolean(paused)])
    }
}
