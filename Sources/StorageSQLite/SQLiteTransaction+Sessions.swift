import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    func open(_ opening: SessionOpening) throws -> (OpenedSession, [BuildID: EndedBuild]) {
        guard opening.slots >= 1, opening.secretHash.utf8.count == 64 else {
            throw StoreError.conflict("a worker has 1 slot or more, and a secret whose SHA-256 has 64 digits")
        }
        let known = try first(
            "SELECT id, secret_hash, ended FROM sessions WHERE worker = ? AND incarnation = ?", [opening.worker, opening.incarnation])
        if let known, known[1] as String != opening.secretHash {
            throw StoreError.conflict("this incarnation of the worker \(opening.worker) was opened with another secret")
        }
        if let known, known[2] as Int64? == nil {
            return (OpenedSession(session: try session(SessionID(known[0])), lost: []), [:])
        }
        // Index: sessions_open.
        let older = try value(Int64.self, "SELECT id FROM sessions WHERE worker = ? AND ended IS NULL", [opening.worker])
        if known != nil, older != nil {
            throw StoreError.conflict(
                "the worker \(opening.worker) has started anew since: this incarnation is over; give each running worker a name of its own")
        }
        var lost: [LostBuild] = []
        var ended: [BuildID: EndedBuild] = [:]
        if let older {
            (lost, ended) = try endSession(
                SessionID(older), lost: true, reason: "the worker \(opening.worker) started anew, and an earlier incarnation held the build")
        }
        let id = known.map { SessionID($0[0]) }
        return (OpenedSession(session: try begin(opening, reopening: id), lost: lost), ended)
    }

    /// Writes the worker and its session; one that was given up for lost, and is still there, goes on under its old number.
    private func begin(_ opening: SessionOpening, reopening: SessionID?) throws -> WorkerSession {
        let labels = try JSONText.encode(opening.labels)
        try run(
            """
            INSERT INTO workers (name, labels, slots, program_version, connected) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, slots = excluded.slots, program_version = excluded.program_version,
                connected = excluded.connected
            """,
            [opening.worker, labels, opening.slots, opening.version, now.microseconds])
        let id: Int64
        if let reopening {
            id = reopening.rawValue
            try run(
                "UPDATE sessions SET ended = NULL, labels = ?, slots = ?, program_version = ? WHERE id = ?",
                [labels, opening.slots, opening.version, id])
        } else {
            try run(
                "INSERT INTO sessions (worker, incarnation, secret_hash, labels, slots, program_version, opened) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [opening.worker, opening.incarnation, opening.secretHash, labels, opening.slots, opening.version, now.microseconds])
            id = db.lastInsertedRowID
        }
        emit(Self.event(.workerConnected, SessionID(id), opening.worker, opening.labels, opening.slots, opening.version, reason: nil))
        return try session(SessionID(id))
    }

    func endSession(_ session: SessionID, lost: Bool, reason: String) throws -> ([LostBuild], [BuildID: EndedBuild]) {
        let row = try first(
            "UPDATE sessions SET ended = ? WHERE id = ? AND ended IS NULL RETURNING worker, labels, slots, program_version",
            [now.microseconds, session.rawValue])
        guard let row else { return ([], [:]) }
        if lost {
            emit(
                Self.event(
                    .workerLost, session, row[0], try JSONText.decode(Labels.self, row[1]), row[2], row[3], reason: reason))
        }
        // Index: builds_open.
        let held = try all("SELECT id FROM builds WHERE session = ? AND phase <> 'finished' ORDER BY id", [session.rawValue])
        let ids = held.map { BuildID($0[0]) }
        let builds = try builds(ids)
        let endings = ids.compactMap { builds[$0] }.map { BuildEnding.lost($0, cause: .lost, text: reason) }
        let ended = try end(endings)
        return (endings.map { LostBuild($0.build, ended) }, ended)
    }

    private func session(_ id: SessionID) throws -> WorkerSession {
        guard let row = try first("\(WorkerSession.selection) WHERE s.id = ?", [id.rawValue]) else {
            throw StoreError.internalError("session \(id) is not there")
        }
        return try WorkerSession(row)
    }

    private static func event(
        _ kind: EventKind, _ session: SessionID, _ worker: String, _ labels: Labels, _ slots: Int, _ version: String, reason: String?
    ) -> EventDraft {
        EventDraft(
            kind, entity: .session, id: session.rawValue, chain: EventChain(id: .random()),
            data: .worker(WorkerFact(worker: worker, session: session, labels: labels, slots: slots, version: version, reason: reason)))
    }
}
