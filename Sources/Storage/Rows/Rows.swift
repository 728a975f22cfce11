import Domain

extension Change {
    /// The columns that `init(stored:from:)` reads, in its order, of a table or alias named `c`.
    package static let columns = """
        c.id, c.chain, c.accepted, c.source, c.dedupe_key, c.project, c.repository, c.branch, c.revision, c.author, c.comments, c.files,
        c.category, c.made, c.properties, c.submitted_by
        """

    package init(stored row: some StoredRow, from first: Int = 0) throws {
        self.init(
            id: ChangeID(row.int64(first)), chain: ChainID(row.string(first + 1)), accepted: row.time(first + 2),
            content: NewChange(
                source: row.string(first + 3), project: row.string(first + 5), repository: row.string(first + 6), branch: row.string(first + 7),
                revision: row.string(first + 8), author: row.string(first + 9), comments: row.string(first + 10),
                files: try JSONText.decode([String].self, row.string(first + 11)), category: row.string(first + 12),
                when: row.optionalTime(first + 13), properties: try JSONText.decode([String: JSONValue].self, row.string(first + 14)),
                dedupeKey: row.string(first + 4), submittedBy: row.optionalString(first + 15)))
    }
}

extension BuildsetContext {
    /// The columns that `init(_:stored:from:)` reads, in its order, of `buildsets b` and `source_stamps s`.
    package static let columns = """
        b.scheduler, b.reason, b.chain, b.parents, b.changes, b.properties, s.project, s.repository, s.branch, s.revision, s.codebase,
        s.patch, b.has_needs, b.further
        """

    package init(_ id: BuildsetID, stored row: some StoredRow, from first: Int) throws {
        self.init(
            id: id, scheduler: row.string(first), reason: row.string(first + 1), chain: ChainID(row.string(first + 2)),
            parents: try JSONText.decode([ChainID].self, row.string(first + 3)),
            changes: try JSONText.decode([ChangeID].self, row.string(first + 4)), stamp: row.stamp(from: first + 6),
            further: try row.stamps(first + 13), properties: try JSONText.decode(Properties.self, row.string(first + 5)),
            hasNeeds: row.bool(first + 12))
    }
}

extension NeedsGraph.Node {
    /// The columns that `init(stored:from:)` reads, in its order, of `requests`.
    package static let columns = "id, builder, phase, outcome, needs"

    package init(stored row: some StoredRow, from first: Int) throws {
        guard let phase = RequestPhase(rawValue: row.string(first + 2)) else {
            throw StoreError.internalError("request \(row.int64(first)) has an unknown phase")
        }
        self.init(
            request: RequestID(row.int64(first)), builder: row.string(first + 1), phase: phase, outcome: row.outcome(first + 3),
            needs: try JSONText.decode([Need].self, row.string(first + 4)))
    }
}

extension OpenBuild {
    /// The columns that `init(stored:)` reads, in its order, of `builds b` and `requests r`.
    package static let columns = """
        b.id, b.request, b.buildset, b.builder, b.worker, b.attempt, b.configuration, b.phase, b.session, b.fence, b.outcome, b.cause,
        b.finish_key, coalesce(b.cancel_reason, CASE WHEN r.finished IS NULL THEN r.cancel_reason END), r.attempts, r.attempts_allowed,
        r.workers_lost, r.priority, EXISTS (SELECT 1 FROM requests a WHERE a.answered_by = b.id AND a.finished IS NULL), r.finished IS NOT NULL
        """

    package init(stored row: some StoredRow) throws {
        guard let phase = BuildPhase(rawValue: row.string(7)) else { throw StoreError.internalError("build \(row.int64(0)) has an unknown phase") }
        try self.init(
            id: BuildID(row.int64(0)), request: RequestID(row.int64(1)), buildset: BuildsetID(row.int64(2)), builder: row.string(3),
            worker: row.string(4), attempt: row.int(5), configuration: ConfigurationID(row.int64(6)),
            machine: BuildMachine(
                phase: phase, session: SessionID(row.int64(8)), fence: Fence(row.int64(9)), outcome: row.outcome(10), cause: row.cause(11)),
            finishKey: row.optionalString(12), cancelReason: row.optionalString(13), attempts: row.int(14), attemptsAllowed: row.int(15),
            workersLost: row.string(16), priority: row.int(17), isShared: row.bool(18), isOrphan: row.bool(19))
    }
}

extension Rider {
    /// The columns that `init(stored:)` reads, in its order, of `requests`. Index: requests_riding.
    package static let selection = """
        SELECT id, buildset, answered_by, priority, attempts, attempts_allowed, workers_lost, cancel_reason FROM requests
        """

    package init(stored row: some StoredRow) throws {
        self.init(
            request: RequestID(row.int64(0)), buildset: BuildsetID(row.int64(1)), build: BuildID(row.int64(2)), priority: row.int(3),
            attempts: row.int(4), attemptsAllowed: row.int(5), workersLost: try JSONText.decode([String].self, row.string(6)),
            cancelReason: row.optionalString(7))
    }
}

extension WorkerSession {
    /// The columns that `init(stored:)` reads, in its order, of `sessions s` and `workers w`.
    package static let columns = "s.id, s.worker, s.incarnation, s.secret_hash, s.labels, s.slots, w.paused, s.token"

    package init(stored row: some StoredRow) throws {
        self.init(
            id: SessionID(row.int64(0)), worker: row.string(1), incarnation: row.string(2), secretHash: row.string(3),
            labels: try JSONText.decode(Labels.self, row.string(4)), slots: row.int(5), paused: row.bool(6),
            token: row.optionalInt64(7).map { TokenID($0) })
    }
}

extension SessionRecord {
    /// The columns that `init(stored:)` reads, in its order, of `sessions`.
    package static let columns = "id, worker, secret_hash, labels, slots, program_version, ended IS NOT NULL"

    package init(stored row: some StoredRow) throws {
        self.init(
            id: SessionID(row.int64(0)), worker: row.string(1), secretHash: row.string(2), labels: try JSONText.decode(Labels.self, row.string(3)),
            slots: row.int(4), version: row.string(5), isEnded: row.bool(6))
    }
}

extension AppliedConfiguration {
    /// The columns that `init(stored:)` reads, in its order, of `configurations`.
    package static let columns = "id, digest, document, applied"

    package init(stored row: some StoredRow) throws {
        self.init(
            id: ConfigurationID(row.int64(0)), digest: row.string(1), applied: row.time(3),
            configuration: try JSONText.decode(Configuration.self, row.string(2)))
    }
}

extension EventRecord {
    /// The columns that `init(stored:epoch:tick:)` reads, in its order, of `outbox`.
    package static let columns = "seq, message_id, event, entity, entity_id, entity_version, routing_key, occurred, chain, data"

    /// - Parameter tick: nil where one writer makes the order of the numbers that of the commits.
    package init(stored row: some StoredRow, epoch: Int64, shard: Int32 = 0, tick: Int64? = nil) throws {
        guard let kind = EventKind(rawValue: row.string(2)), let entity = EntityKind(rawValue: row.string(3)) else {
            throw StoreError.internalError("event \(row.int64(0)) has a kind that this program does not know")
        }
        self.init(
            cursor: EventCursor(epoch: epoch, shard: shard, tick: tick ?? row.int64(0), sequence: row.int64(0)), messageID: row.string(1), kind: kind,
            entity: entity, entityID: row.int64(4), entityVersion: row.int64(5), routingKey: row.string(6), occurred: row.time(7),
            chain: row.string(8), data: row.string(9))
    }
}
