import Domain

extension BuildsetRow {
    package static let selection = """
        SELECT b.id, b.scheduler, b.reason, b.chain, b.parents, b.changes, b.created, b.finished, b.outcome, b.open_requests, b.properties,
            s.project, s.repository, s.branch, s.revision, s.codebase, s.patch, b.configuration,
            b.further
        FROM buildsets b JOIN source_stamps s ON s.id = b.stamp
        """

    package init(stored row: some StoredRow) throws {
        self.init(
            id: BuildsetID(row.int64(0)), scheduler: row.string(1), reason: row.string(2), chain: ChainID(row.string(3)),
            parents: try JSONText.decode([ChainID].self, row.string(4)), stamp: row.stamp(from: 11),
            changes: try JSONText.decode([ChangeID].self, row.string(5)), created: row.time(6), finished: row.optionalTime(7),
            outcome: row.outcome(8), openRequests: row.int(9), properties: try JSONText.decode(Properties.self, row.string(10)),
            configuration: row.optionalInt64(17).map { ConfigurationID($0) }, further: try row.stamps(18))
    }
}

extension BuildRow {
    package static let selection = """
        SELECT b.id, b.request, b.buildset, b.builder, b.worker, b.session, b.attempt, b.phase, b.outcome, b.cause, b.text, b.fence, b.assigned,
            b.started, b.finished, s.project, s.repository, s.branch, s.revision, s.codebase, s.patch, e.chain, e.reason, e.author, e.comments,
            e.changes, e.properties, b.configuration, e.configuration, e.further
        FROM builds b JOIN buildsets e ON e.id = b.buildset JOIN source_stamps s ON s.id = e.stamp
        """

    package init(stored row: some StoredRow) throws {
        guard let phase = BuildPhase(rawValue: row.string(7)) else { throw StoreError.internalError("build \(row.int64(0)) has an unknown phase") }
        self.init(
            id: BuildID(row.int64(0)), request: RequestID(row.int64(1)), buildset: BuildsetID(row.int64(2)), builder: row.string(3),
            worker: row.string(4), session: SessionID(row.int64(5)), attempt: row.int(6), phase: phase, outcome: row.outcome(8),
            cause: row.cause(9), text: row.string(10), fence: Fence(row.int64(11)), assigned: row.time(12), started: row.optionalTime(13),
            finished: row.optionalTime(14), stamp: row.stamp(from: 15), chain: ChainID(row.string(21)), reason: row.string(22),
            author: row.string(23), comments: row.string(24), changes: try JSONText.decode([ChangeID].self, row.string(25)),
            properties: try JSONText.decode(Properties.self, row.string(26)), configuration: ConfigurationID(row.int64(27)),
            plannedUnder: row.optionalInt64(28).map { ConfigurationID($0) }, further: try row.stamps(29))
    }
}

extension RequestRow {
    /// The columns that `init(stored:builds:)` reads, in its order, of `requests r`, `buildsets b` and `source_stamps s`.
    package static let columns = """
        r.id, r.buildset, r.builder, r.phase, r.outcome, r.cause, r.text, r.priority, r.attempts, r.created, r.claimed, r.finished,
        r.cancel_reason, b.chain, s.project, s.repository, s.branch, s.revision, s.codebase, s.patch, r.deadline, b.further,
        r.answered_by
        """

    package init(stored row: some StoredRow, builds: [BuildID]) throws {
        guard let phase = RequestPhase(rawValue: row.string(3)) else {
            throw StoreError.internalError("request \(row.int64(0)) has an unknown phase")
        }
        self.init(
            id: RequestID(row.int64(0)), buildset: BuildsetID(row.int64(1)), builder: row.string(2), phase: phase, outcome: row.outcome(4),
            cause: row.cause(5), text: row.string(6), priority: row.int(7), attempts: row.int(8), created: row.time(9),
            claimed: row.optionalTime(10), finished: row.optionalTime(11), cancelReason: row.optionalString(12), deadline: row.optionalTime(20),
            stamp: row.stamp(from: 14), chain: ChainID(row.string(13)), builds: builds, answeredBy: row.optionalInt64(22).map { BuildID($0) },
            further: try row.stamps(21))
    }
}

extension StepRow {
    /// The columns that `init(stored:of:)` reads, in its order, of `steps s` and `builds b`.
    package static let columns = """
        s.number, s.attempt, s.name, s.phase, s.outcome, s.cause, s.exit_status, s.signal, s.duration_ms, s.text, s.started, s.finished, b.builder
        """

    package init(stored row: some StoredRow, of build: BuildID) throws {
        guard let phase = StepPhase(rawValue: row.string(3)) else { throw StoreError.internalError("a step of build \(build) has an unknown phase") }
        let text = row.string(9)
        self.init(
            fact: StepFact(
                build: build, builder: row.string(12), number: row.int(0), name: row.string(2), attempt: row.int(1), phase: phase,
                outcome: row.outcome(4), cause: row.cause(5), exitStatus: row.optionalInt64(6).flatMap(Int32.init(exactly:)),
                signal: row.optionalInt64(7).flatMap(Int32.init(exactly:)), durationMilliseconds: row.optionalInt64(8),
                text: text.isEmpty ? nil : text),
            started: row.time(10), finished: row.optionalTime(11))
    }
}

extension WorkerRow {
    /// Columns: name, labels, slots, version, connected, paused, the time of the last connect.
    package init(stored row: some StoredRow, builds: [BuildID]) throws {
        self.init(
            name: row.string(0), labels: try JSONText.decode(Labels.self, row.string(1)), slots: row.int(2), version: row.string(3),
            connected: row.bool(4), paused: row.bool(5), lastConnected: row.time(6), builds: builds)
    }
}

extension SourceState {
    /// Columns from `first`: position, health.
    package init(stored row: some StoredRow, from first: Int) throws {
        self.init(
            position: row.optionalString(first), health: try row.optionalString(first + 1).map { try JSONText.decode(SourceHealth.self, $0) })
    }
}

extension [BuilderCounts] {
    /// Pending rows: builder, number, when the oldest was created; claimed rows: builder, number. By builder.
    package init(pending: [some StoredRow], claimed: [some StoredRow]) {
        var counts: [String: BuilderCounts] = [:]
        for row in pending {
            let builder = row.string(0)
            var count = counts[builder] ?? BuilderCounts(builder: builder, pending: 0, claimed: 0, oldestPending: nil)
            count.pending += row.int(1)
            count.oldestPending = Swift.min(count.oldestPending ?? row.time(2), row.time(2))
            counts[builder] = count
        }
        for row in claimed {
            let builder = row.string(0)
            counts[builder, default: BuilderCounts(builder: builder, pending: 0, claimed: 0, oldestPending: nil)].claimed = row.int(1)
        }
        self = counts.values.sorted { $0.builder < $1.builder }
    }
}
