import Domain
import GRDB
import Storage

extension SQLiteStore {
    public func expireLeases(reachableSince: Timestamp, limit: Int) async throws -> LeaseExpiry {
        let now = clock.now()
        let seen = try await read("looking for expired leases") { [lease] db in
            try LeaseSurvey(db, lease, now: now, reachableSince: reachableSince, limit: limit)
        }
        // Nothing to end is the usual case: then nothing is written.
        guard !seen.over.isEmpty else { return LeaseExpiry(lost: [], nextDue: seen.nextDue) }
        let (lost, ended, nextDue) = try await write("ending expired leases") { [lease] tx in
            let survey = try LeaseSurvey(tx.db, lease, now: tx.now, reachableSince: reachableSince, limit: limit)
            let builds = try tx.builds(survey.over.map(\.build))
            let endings = survey.over.compactMap { over in
                builds[over.build].map { BuildEnding.lost($0, cause: over.cause, text: over.text(worker: $0.worker)) }
            }
            let ended = try tx.end(endings)
            return (endings.map { LostBuild($0.build, ended) }, ended, survey.nextDue)
        }
        await releaseLogs(ended)
        return LeaseExpiry(lost: lost, nextDue: nextDue)
    }

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

extension LostBuild {
    init(_ build: OpenBuild, _ ended: [BuildID: EndedBuild]) {
        self.init(build: build.id, request: build.request, worker: build.worker, retried: ended[build.id]?.retried ?? false)
    }
}

/// All leases in force, and which of them are over. There are never more of them than slots.
private struct LeaseSurvey: Sendable {
    struct Over: Sendable {
        var build: BuildID
        var cause: Cause
        var after: Duration

        func text(worker: String) -> String {
            let seconds = Int(after.inSeconds)
            return switch cause {
            case .notAccepted: "the worker \(worker) did not accept the build within \(seconds) s"
            default: "the worker \(worker) was not heard of for \(seconds) s"
            }
        }
    }

    var over: [Over] = []
    var nextDue: Timestamp?

    init(_ db: Database, _ rule: LeaseRule, now: Timestamp, reachableSince: Timestamp, limit: Int) throws {
        let acceptance = LeaseRule(period: rule.acceptWithin, survive: rule.survive, acceptWithin: rule.acceptWithin)
        // Index: builds_open, which holds only these.
        let statement = try db.cachedStatement(sql: "SELECT id, phase, assigned, renewed FROM builds WHERE phase <> 'finished'")
        let rows = try Row.fetchCursor(statement)
        while let row = try rows.next() {
            let renewed = Timestamp(microseconds: row[3])
            var end = rule.end(renewed: renewed, reachableSince: reachableSince)
            var cause = Cause.lost
            var since = renewed
            if row[1] as String == BuildPhase.assigned.rawValue {
                let assigned = Timestamp(microseconds: row[2])
                let acceptable = acceptance.end(renewed: assigned, reachableSince: reachableSince)
                if acceptable <= end {
                    end = acceptable
                    cause = .notAccepted
                    since = assigned
                }
            }
            if end <= now, over.count < limit {
                over.append(Over(build: BuildID(row[0]), cause: cause, after: now.since(since)))
            } else {
                nextDue = min(nextDue ?? end, end)
            }
        }
    }
}
