import Domain
import Storage

extension PostgresStore: DispatchStore {
    public func match(_ offers: [SlotOffer]) async throws -> [Assignment] {
        guard !offers.isEmpty else { return [] }
        // Nothing to give is the usual case: then nothing is locked or written.
        let seen = try await read("looking for work") { [matchClasses] sql in
            try MatchSnapshot(
                sql, offers: offers, classes: matchClasses, locking: false, configuration: { self.applied.withLock { $0?.configuration } })
        }
        guard !seen.isEmpty else { return [] }
        return try await write("assigning builds") { [matchClasses] tx in
            guard let applied = try tx.currentConfiguration() else { return [] }
            // Requests that another dispatcher is assigning are passed over; the sessions are held open until the builds are theirs.
            let snapshot = try MatchSnapshot(
                tx.sql, offers: offers, classes: matchClasses, locking: true, configuration: { applied.configuration })
            let again = try tx.assignments(snapshot.unheard)
            let new = try tx.assign(snapshot.decide(), configuration: applied.id)
            return again + (try tx.assignments(new))
        }
    }

    public func apply(_ reports: [BuildReport]) async throws -> [ReportAnswer] {
        guard !reports.isEmpty else { return [] }
        let sealed = try await sealLogs(reports)
        return try await write("applying reports") { try $0.apply(reports, sealed: sealed).answers }
    }

    public func expireLeases(reachableSince: Timestamp, limit: Int) async throws -> LeaseExpiry {
        let survey = LeaseSurvey(lease, now: try await now(), reachableSince: reachableSince, limit: limit)
        let seen = try await read("looking for expired leases") { try survey.looking($0, at: nil) }
        // Nothing to end is the usual case: then nothing is locked or written.
        guard !seen.over.isEmpty else { return LeaseExpiry(lost: [], nextDue: seen.nextDue) }
        return try await write("ending expired leases") { [lease] tx in
            let ids = seen.over.map(\.build)
            // An outage since the caller last beat: nothing could be renewed meanwhile, so nothing ends before somebody has beaten again.
            if let beat = try tx.sql.first("SELECT beat FROM reachability")?.time(0), tx.now.since(beat) > lease.period / 2 {
                return LeaseExpiry(lost: [], nextDue: seen.nextDue)
            }
            // Locked first, then looked at again: a renewal that came in between counts.
            let builds = try tx.builds(ids, ending: ids)
            let again = try LeaseSurvey(lease, now: tx.now, reachableSince: reachableSince, limit: limit).looking(tx.sql, at: ids)
            let endings = again.over.compactMap { over in builds[over.build].map(over.ending) }
            let ended = try tx.end(endings)
            return LeaseExpiry(lost: endings.map { LostBuild($0.build, ended) }, nextDue: [seen.nextDue, again.nextDue].compactMap { $0 }.min())
        }
    }

    public func pendingCancels(_ sessions: [SessionID]) async throws -> [BuildCancel] {
        try await read("reading asked-for ends") { sql in
            // Index: builds_open.
            try sql.all(
                """
                SELECT id, session, cancel_reason FROM builds
                WHERE session = ANY ($1::bigint[]) AND phase <> 'finished' AND cancel_reason IS NOT NULL ORDER BY id
                """,
                [.integers(sessions.map(\.rawValue))]
            ).map { BuildCancel(build: BuildID($0.int64(0)), session: SessionID($0.int64(1)), reason: $0.string(2)) }
        }
    }
}

extension LeaseSurvey {
    /// The survey after a look at every open build, or at these. Index: builds_open, which holds only open ones.
    fileprivate func looking(_ sql: PostgresTransaction, at builds: [BuildID]?) throws -> LeaseSurvey {
        var survey = self
        let rows =
            if let builds {
                try sql.all(
                    "SELECT id, phase, assigned, renewed FROM builds WHERE id = ANY ($1::bigint[]) AND phase <> 'finished'",
                    [.integers(builds.map(\.rawValue))])
            } else {
                try sql.all("SELECT id, phase, assigned, renewed FROM builds WHERE phase <> 'finished'")
            }
        for row in rows {
            survey.look(at: BuildID(row.int64(0)), phase: BuildPhase(rawValue: row.string(1)), assigned: row.time(2), renewed: row.time(3))
        }
        return survey
    }
}

extension MatchSnapshot {
    init(
        _ sql: PostgresTransaction, offers: [SlotOffer], classes: MatchClassCache, locking: Bool, configuration: () -> Configuration?
    ) throws {
        let sessions = PostgresValue.integers(offers.map(\.session.rawValue))
        let known = classes.all
        let rows = try sql.pipeline([
            (
                """
                SELECT s.id, s.slots, w.paused FROM sessions s JOIN workers w ON w.name = s.worker
                WHERE s.id = ANY ($1::bigint[]) AND s.ended IS NULL ORDER BY s.id
                """ + (locking ? " FOR SHARE OF s" : ""), [sessions]
            ),
            // Index: builds_open.
            ("SELECT id, session, phase FROM builds WHERE session = ANY ($1::bigint[]) AND phase <> 'finished' ORDER BY id", [sessions]),
            // There are a few, and they may become visible in another order than that of their numbers.
            ("SELECT id, builder, labels FROM match_classes WHERE id <> ALL ($1::bigint[])", [.integers(known.keys)]),
        ])
        self.init(
            offers: offers, sessions: rows[0].reduce(into: [:]) { $0[SessionID($1.int64(0))] = Session(slots: $1.int(1), paused: $1.bool(2)) },
            held: rows[1].map {
                Held(build: BuildID($0.int64(0)), session: SessionID($0.int64(1)), phase: BuildPhase(rawValue: $0.string(2)) ?? .running)
            })
        if !rows[2].isEmpty {
            let new = try rows[2].map {
                MatchClass(id: $0.int64(0), builder: $0.string(1), labels: try JSONText.decode(Labels.self, $0.string(2)))
            }
            // What this transaction reads may be its own and never commit; only a look that writes nothing teaches the cache.
            if !locking { classes.add(new) }
        }
        guard free > 0 else { return }
        let all = classes.all
        // A configuration that this process has not seen yet: the pass that writes reads it.
        let eligible = configuration().map { self.eligible(all.values, of: $0) } ?? all.values.sorted { $0.id < $1.id }
        guard !eligible.isEmpty else { return }
        // Index: requests_pending, from its beginning, for each class; a class that nobody here can serve is never looked at, and none is read beyond
        // the limit.
        let heads = try sql.all(
            """
            SELECT h.id, h.priority, c.id FROM unnest($1::bigint[]) AS c (id) CROSS JOIN LATERAL (
                SELECT r.id, r.priority FROM requests r
                WHERE r.match_class = c.id AND r.phase = 'pending' AND r.cancel_reason IS NULL
                ORDER BY r.priority DESC, r.id LIMIT $2\(locking ? " FOR NO KEY UPDATE SKIP LOCKED" : "")
            ) h
            """,
            [.integers(eligible.map(\.id)), .integer(free)])
        take(heads.compactMap { row in all[row.int64(2)].map { Head(request: RequestID(row.int64(0)), priority: row.int(1), matchClass: $0) } })
    }
}
