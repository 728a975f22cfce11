import Domain
import GRDB
import Storage

extension SQLiteStore {
    public func expireLeases(reachableSince: Timestamp, limit: Int) async throws -> LeaseExpiry {
        let now = clock.now()
        let survey = LeaseSurvey(lease, now: now, reachableSince: reachableSince, limit: limit)
        let seen = try await read("looking for expired leases") { try survey.looking($0) }
        // Nothing to end is the usual case: then nothing is written.
        guard !seen.over.isEmpty else { return LeaseExpiry(lost: [], nextDue: seen.nextDue) }
        let (lost, ended, nextDue) = try await write("ending expired leases") { [lease] tx in
            let survey = try LeaseSurvey(lease, now: tx.now, reachableSince: reachableSince, limit: limit).looking(tx.db)
            let ids = survey.over.map(\.build)
            let builds = try tx.builds(ids, ending: ids)
            let endings = survey.over.compactMap { over in builds[over.build].map(over.ending) }
            let ended = try tx.end(endings)
            return (endings.map { LostBuild($0.build, ended) }, ended, survey.nextDue)
        }
        await releaseLogs(ended)
        return LeaseExpiry(lost: lost, nextDue: nextDue)
    }

    /// Every process of this store has the same version: none leaves anything.
    public func settleStranded(limit: Int) async throws -> SettledRequests { SettledRequests() }

    public func pendingCancels(_ sessions: [SessionID]) async throws -> [BuildCancel] {
        try await read("reading asked-for ends") { db in
            // Index: builds_open.
            let statement = try db.cachedStatement(
                sql: """
                    SELECT id, session, cancel_reason FROM builds
                    WHERE session IN (SELECT value FROM json_each(?)) AND phase <> 'finished' AND cancel_reason IS NOT NULL ORDER BY id
                    """)
            return try Row.fetchAll(statement, arguments: [JSONText.list(sessions)]).map {
                BuildCancel(build: BuildID($0[0]), session: SessionID($0[1]), reason: $0[2])
            }
        }
    }

    /// Closes the files of builds that ended.
    func releaseLogs(_ ended: [BuildID: EndedBuild]) async {
        for (build, end) in ended where !end.logs.isEmpty { await logs.release(build, names: end.logs) }
    }
}

extension LeaseSurvey {
    /// The survey after a look at every open build. Index: builds_open, which holds only these.
    fileprivate func looking(_ db: Database) throws -> LeaseSurvey {
        var survey = self
        let statement = try db.cachedStatement(sql: "SELECT id, phase, assigned, renewed FROM builds WHERE phase <> 'finished'")
        let rows = try Row.fetchCursor(statement)
        while let row = try rows.next() {
            survey.look(
                at: BuildID(row[0]), phase: BuildPhase(rawValue: row[1]), assigned: Timestamp(microseconds: row[2]),
                renewed: Timestamp(microseconds: row[3]))
        }
        return survey
    }
}
