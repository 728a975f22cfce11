import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    func claim(_ claims: [Claim], configuration: ConfigurationID) throws -> (builds: [ClaimedBuild], riders: [ClaimedRider]) {
        let offers = Dictionary(uniqueKeysWithValues: claims.map { ($0.request, $0.offer) })
        // Whether others ask for the same is asked here, so that nothing more is asked where none do. Index: requests_identity; a value that is returned has
        // no type of its own, and without one the index would be read as a whole.
        let claimed = try all(
            """
            UPDATE requests SET phase = 'claimed', claimed = ?, attempts = attempts + 1, fence = fence + 1, version = version + 1
            WHERE id IN (SELECT value FROM json_each(?)) AND phase = 'pending'
            RETURNING id, buildset, builder, priority, attempts, fence, version, identity, match_class, identity IS NOT NULL AND EXISTS (
                SELECT 1 FROM requests o WHERE o.identity = CAST(requests.identity AS TEXT) AND o.phase = 'pending' AND o.id <> requests.id)
            """,
            [now.microseconds, JSONText.list(claims.map(\.request))])
        guard claimed.count == claims.count else { throw StoreError.internalError("a request that was to be claimed is not pending") }
        var rows: [RequestID: ClaimRow] = [:]
        var shared: [RequestID: (identity: String, matchClass: Int64)] = [:]
        for row in claimed {
            let request: RequestID = RequestID(row[0])
            guard let offer = offers[request] else { continue }
            let context = try context(of: BuildsetID(row[1]))
            if row[9] as Bool { shared[request] = (row[7], row[8]) }
            rows[request] = ClaimRow(
                request: request, buildset: context.id, builder: row[2], branch: context.stamp.branch, worker: offer.worker,
                session: offer.session, configuration: configuration, fence: row[5], priority: row[3], attempts: row[4], version: row[6])
        }
        // Index: the unique (request, attempt), for the number of the attempt.
        let builds = try all(
            """
            INSERT INTO builds (request, buildset, builder, branch, worker, session, attempt, configuration, phase, fence, assigned, renewed, version)
            SELECT value ->> 'request', value ->> 'buildset', value ->> 'builder', value ->> 'branch', value ->> 'worker', value ->> 'session',
                (SELECT coalesce(max(b.attempt), 0) + 1 FROM builds b WHERE b.request = (value ->> 'request')),
                value ->> 'configuration', 'assigned', value ->> 'fence', ?1, ?1, 1
            FROM json_each(?2) RETURNING id, request, attempt
            """,
            [now.microseconds, try JSONText.encode(claims.compactMap { rows[$0.request] })]
        ).compactMap { row in
            rows[RequestID(row[1])].map { claim in
                ClaimedBuild(
                    build: BuildID(row[0]), attempt: row[2], fence: Fence(claim.fence), request: claim.request, buildset: claim.buildset,
                    builder: claim.builder,
                    worker: claim.worker, priority: claim.priority, attempts: claim.attempts, requestVersion: claim.version)
            }
        }
        var riders: [ClaimedRider] = []
        for build in builds {
            guard let (identity, matchClass) = shared[build.request] else { continue }
            riders += try claimRiders(identity, matchClass, build: build.build)
        }
        return (builds, riders)
    }

    private func claimRiders(_ identity: String, _ matchClass: Int64, build: BuildID) throws -> [ClaimedRider] {
        try all(
            """
            UPDATE requests SET phase = 'claimed', claimed = ?1, answered_by = ?2, attempts = attempts + 1, version = version + 1
            WHERE id IN (
                SELECT h.id FROM requests h
                WHERE h.identity = ?3 AND h.match_class = ?4 AND h.phase = 'pending' AND h.cancel_reason IS NULL AND \(MatchSnapshot.isInTime("h", "?1"))
                ORDER BY h.priority DESC, h.id LIMIT \(ClaimedRider.most))
            RETURNING id, buildset, builder, priority, attempts, version
            """,
            [now.microseconds, build.rawValue, identity, matchClass]
        ).map {
            ClaimedRider(
                request: RequestID($0[0]), buildset: BuildsetID($0[1]), builder: $0[2], build: build, priority: $0[3], attempts: $0[4],
                requestVersion: $0[5])
        }
    }
}

/// A request as it was claimed, and the build it gets, as `json_each` reads it.
private struct ClaimRow: Encodable {
    var request: RequestID
    var buildset: BuildsetID
    var builder: String
    var branch: String
    var worker: String
    var session: SessionID
    var configuration: ConfigurationID
    var fence: Int64
    var priority: Int
    var attempts: Int
    var version: Int64
}
