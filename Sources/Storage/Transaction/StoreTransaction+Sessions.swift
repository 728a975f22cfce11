import Domain

/// A session's row, as far as opening and ending one needs it.
package struct SessionRecord {
    package var id: SessionID
    package var worker: String
    package var secretHash: String
    package var labels: Labels
    package var slots: Int
    package var version: String
    package var isEnded: Bool

    package init(id: SessionID, worker: String, secretHash: String, labels: Labels, slots: Int, version: String, isEnded: Bool) {
        self.id = id
        self.worker = worker
        self.secretHash = secretHash
        self.labels = labels
        self.slots = slots
        self.version = version
        self.isEnded = isEnded
    }
}

/// What a store says about workers and their sessions.
package protocol SessionTransaction: StoreTransaction {
    /// The session of this incarnation, open or not; where several processes write, the worker is locked until the transaction ends.
    func sessionRecord(worker: String, incarnation: String) throws -> SessionRecord?
    func openSessionID(of worker: String) throws -> SessionID?
    func newestSession(of worker: String) throws -> SessionRecord?
    /// Writes the worker, and its session: a new one, or one that was given up for lost and goes on under its number.
    func write(_ opening: SessionOpening, reopening: SessionID?) throws -> SessionID
    func workerSession(_ id: SessionID) throws -> WorkerSession?
    /// The token that a session goes by from now on.
    func setToken(_ token: TokenID?, of session: SessionID) throws
    /// Marks an open session as ended; nil when it is not open.
    func closeSession(_ id: SessionID) throws -> SessionRecord?
    /// The builds that a session has open, by ascending id.
    func heldBuilds(of session: SessionID) throws -> [BuildID]
    /// Nil when there is no such worker.
    func isPaused(_ worker: String) throws -> Bool?
    func setPaused(_ worker: String, _ paused: Bool) throws
}

extension SessionTransaction {
    package func open(_ opening: SessionOpening) throws -> (OpenedSession, [BuildID: EndedBuild]) {
        guard opening.slots >= 1, opening.secretHash.utf8.count == 64 else {
            throw StoreError.conflict("a worker has 1 slot or more, and a secret whose SHA-256 has 64 digits")
        }
        let known = try sessionRecord(worker: opening.worker, incarnation: opening.incarnation)
        if let known, known.secretHash != opening.secretHash {
            throw StoreError.conflict("this incarnation of the worker \(opening.worker) was opened with another secret")
        }
        if let known, !known.isEnded {
            // It may have been given another token since: the secret proves that it is the same worker.
            var found = try session(known.id)
            if found.token != opening.token {
                try setToken(opening.token, of: known.id)
                found.token = opening.token
            }
            return (OpenedSession(session: found, lost: []), [:])
        }
        let older = try openSessionID(of: opening.worker)
        if known != nil, older != nil {
            throw StoreError.conflict(
                "the worker \(opening.worker) has started anew since: this incarnation is over; give each running worker a name of its own")
        }
        var lost: [LostBuild] = []
        var ended: [BuildID: EndedBuild] = [:]
        if let older {
            (lost, ended) = try endSession(
                older, lost: true, reason: "the worker \(opening.worker) started anew, and an earlier incarnation held the build")
        }
        let id = try write(opening, reopening: known?.id)
        emit(
            Self.event(
                .workerConnected,
                SessionRecord(
                    id: id, worker: opening.worker, secretHash: "", labels: opening.labels, slots: opening.slots, version: opening.version,
                    isEnded: false), reason: nil))
        return (OpenedSession(session: try session(id), lost: lost), ended)
    }

    package func endSession(_ session: SessionID, lost: Bool, reason: String) throws -> ([LostBuild], [BuildID: EndedBuild]) {
        // First the session, which whoever assigns builds to it has to find open; then what it holds.
        guard let closed = try closeSession(session) else { return ([], [:]) }
        let held = try heldBuilds(of: session)
        let builds = try builds(held, ending: held)
        if lost { emit(Self.event(.workerLost, closed, reason: reason)) }
        let endings = held.compactMap { builds[$0] }.filter { $0.machine.phase != .finished && $0.machine.session == session }
            .map { BuildEnding.lost($0, cause: .lost, text: reason) }
        let ended = try end(endings)
        return (endings.map { LostBuild($0.build, ended) }, ended)
    }

    package func pause(_ worker: String, _ paused: Bool, audit: AuditNote? = nil) throws {
        guard let known = try isPaused(worker) else { throw StoreError.notFound("there is no worker named \(worker)") }
        guard known != paused else { return }
        try setPaused(worker, paused)
        if let audit { try write(audit, target: AuditTarget("worker", worker)) }
        // The event belongs to the worker's newest session: every worker has had one.
        guard let newest = try newestSession(of: worker) else { throw StoreError.internalError("worker \(worker) has no session") }
        emit(Self.event(paused ? .workerPaused : .workerResumed, newest, reason: nil))
    }

    private func session(_ id: SessionID) throws -> WorkerSession {
        guard let session = try workerSession(id) else { throw StoreError.internalError("session \(id) is not there") }
        return session
    }

    private static func event(_ kind: EventKind, _ record: SessionRecord, reason: String?) -> EventDraft {
        EventDraft(
            kind, entity: .session, id: record.id.rawValue, chain: EventChain(id: .random()),
            data: .worker(
                WorkerFact(
                    worker: record.worker, session: record.id, labels: record.labels, slots: record.slots, version: record.version,
                    reason: reason)))
    }
}
