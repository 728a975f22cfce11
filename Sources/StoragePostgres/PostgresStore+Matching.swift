import Domain
import Storage

extension PostgresStore: DispatchStore {
    public func match(_ offers: [SlotOffer]) async throws -> MatchResult {
        var given: [Assignment] = []
        var offers = offers
        for _ in 0..<Self.mostLooks where !offers.isEmpty {
            do {
                let look = try await look(offers)
                given += look.given
                if look.isWhole { return MatchResult(given, changesIn: look.changesIn) }
                // What nothing bounds waits for no other dispatcher: where that one is not done, another look finds the same.
                if look.given.isEmpty, !look.isBounded { break }
                offers = offers.map { $0.after(look.given) }
            } catch  where !given.isEmpty {
                // What was given is theirs; whatever this is, the next pass meets it too.
                break
            }
        }
        return MatchResult(given, isUnfinished: !offers.isEmpty)
    }

    private static var mostLooks: Int { 4 }

    /// Looks once, and gives away what it found. It is not whole when another dispatcher took up what a limit left, or the requests, or another configuration
    /// came: something else may be first in line now.
    private func look(_ offers: [SlotOffer]) async throws -> (
        given: [Assignment], isWhole: Bool, isBounded: Bool, changesIn: Duration?
    ) {
        // Nothing to give is the usual case: then nothing is locked or written.
        let seen = try await read("looking for work") { [self] in try MatchSnapshot($0, offers, self) }
        guard !seen.isEmpty else { return ([], true, seen.isBounded, seen.changesIn) }
        let demand = seen.demand().sorted { $0.key < $1.key }
        let given: [Assignment] = try await write("assigning builds") { tx in
            guard let (snapshot, configuration) = try MatchSnapshot.locking(demand, offers, tx) else { return [] }
            let again = try tx.assignments(snapshot.unheard)
            return again + (try tx.assign(snapshot.decide(), configuration: configuration))
        }
        let wanted = seen.unheard.count + demand.reduce(0) { $0 + $1.value }
        return (given, given.count >= wanted, seen.isBounded, seen.changesIn)
    }

    public func apply(_ reports: [BuildReport]) async throws -> [ReportAnswer] {
        guard !reports.isEmpty else { return [] }
        let sealed = try await sealLogs(reports)
        return try await write("applying reports") { try $0.apply(reports, sealed: sealed).answers }
    }

    public func expireLeases(reachableSince: Timestamp, limit: Int) async throws -> LeaseExpiry {
        let seen = try await pool.single(
            "looking for expired leases",
            // Indexes: builds_open and requests_riding, which hold only open ones.
            """
            SELECT b.id, b.phase, b.assigned, b.renewed, coalesce($1, \(Self.clock)), l.stranded
            FROM (SELECT EXISTS (\(Self.stranded)) AS stranded) l LEFT JOIN builds b ON b.phase <> 'finished'
            """, [clockArgument]
        ) { [lease] rows in
            var survey = LeaseSurvey(
                lease, now: rows.first?.time(4) ?? Timestamp(microseconds: 0), reachableSince: reachableSince, limit: limit)
            survey.look(at: rows.filter { $0.optionalInt64(0) != nil })
            return (over: survey.over, nextDue: survey.nextDue, isStranded: rows.first?.bool(5) ?? false)
        }
        // Nothing to end is the usual case: then nothing is locked or written.
        guard !seen.over.isEmpty else { return LeaseExpiry(lost: [], nextDue: seen.nextDue, isStranded: seen.isStranded) }
        return try await write("ending expired leases") { [lease] tx in
            let ids = seen.over.map(\.build)
            // An outage since the caller last beat: nothing could be renewed meanwhile, so nothing ends before somebody has beaten again.
            if let beat = try tx.sql.first("SELECT beat FROM reachability")?.time(0), try tx.now.since(beat) > lease.period / 2 {
                return LeaseExpiry(lost: [], nextDue: seen.nextDue, isStranded: seen.isStranded)
            }
            // Locked first, then looked at again: a renewal that came in between counts.
            let builds = try tx.builds(ids, ending: ids)
            var again = LeaseSurvey(lease, now: try tx.now, reachableSince: reachableSince, limit: limit)
            again.look(
                at: try tx.sql.all(
                    "SELECT id, phase, assigned, renewed FROM builds WHERE id = ANY ($1::bigint[]) AND finished IS NULL",
                    [.integers(ids.map(\.rawValue))]))
            let endings = again.over.compactMap { over in builds[over.build].map(over.ending) }
            let ended = try tx.end(endings)
            return LeaseExpiry(
                lost: endings.map { LostBuild($0.build, ended) }, nextDue: [seen.nextDue, again.nextDue].compactMap { $0 }.min(),
                isStranded: seen.isStranded)
        }
    }

    /// Requests that another one's build answers and that its end did not end, or whose end was asked for and did not come: a process of the version before
    /// was at it.
    private static let stranded = """
        SELECT r.answered_by FROM requests r JOIN builds o ON o.id = r.answered_by
        WHERE r.answered_by IS NOT NULL AND r.finished IS NULL AND (o.finished IS NOT NULL OR r.cancel_reason IS NOT NULL)
        """

    public func settleStranded(limit: Int) async throws -> SettledRequests {
        try await write("settling requests that others' builds answered") { tx in
            let builds = try tx.sql.all("\(Self.stranded) ORDER BY r.answered_by LIMIT $1", [.integer(limit)]).map { BuildID($0.int64(0)) }
            return try tx.settleStranded(of: Set(builds).sorted())
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
    /// Columns: id, phase, assigned, renewed.
    fileprivate mutating func look(at rows: [PostgresRow]) {
        for row in rows {
            look(at: BuildID(row.int64(0)), phase: BuildPhase(rawValue: row.string(1)), assigned: row.time(2), renewed: row.time(3))
        }
    }
}
