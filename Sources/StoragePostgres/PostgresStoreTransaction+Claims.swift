import Domain
import Storage

extension PostgresStoreTransaction {
    /// The requests are locked, and were pending then; index for the number of the attempt: the unique (request, attempt). Those that ask for the same are
    /// claimed by the same statement, which costs a look at requests_identity for each: one that another transaction holds is passed over, for that may wait
    /// for what this one holds. The statement sees the requests of the first part as they were, so they are left out by their numbers.
    private static let claiming = """
        WITH claimed AS (
            UPDATE requests r SET phase = 'claimed', claimed = $4, attempts = attempts + 1, fence = fence + 1, version = version + 1
            FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS j (request, worker, session)
            WHERE r.id = j.request
            RETURNING r.id, r.buildset, r.builder, r.priority, r.attempts, r.fence, r.version, r.match_class, r.identity, j.worker, j.session
        ), made AS (
            INSERT INTO builds (request, buildset, builder, branch, worker, session, attempt, configuration, phase, fence, assigned, renewed,
                version)
            SELECT c.id, c.buildset, c.builder, b.branch, c.worker, c.session,
                (SELECT coalesce(max(o.attempt), 0) + 1 FROM builds o WHERE o.request = c.id), $5, 'assigned', c.fence, $4, $4, 1
            FROM claimed c JOIN buildsets b ON b.id = c.buildset ORDER BY c.id
            RETURNING id, request, attempt
        ), riding AS (
            UPDATE requests r SET phase = 'claimed', claimed = $4, answered_by = u.build, attempts = attempts + 1, version = version + 1
            FROM (
                SELECT s.id, m.id AS build FROM claimed c JOIN made m ON m.request = c.id CROSS JOIN LATERAL (
                    SELECT o.id FROM requests o
                    WHERE o.identity = c.identity AND o.phase = 'pending' AND o.match_class + 0 = c.match_class AND o.cancel_reason IS NULL
                        AND o.id <> ALL ($1::bigint[]) AND \(MatchSnapshot.isInTime("o", "$4"))
                    ORDER BY o.priority DESC, o.id LIMIT \(ClaimedRider.most) FOR NO KEY UPDATE SKIP LOCKED
                ) s
            ) u WHERE r.id = u.id
            RETURNING r.id, r.buildset, r.builder, r.priority, r.attempts, r.version, r.answered_by
        )
        SELECT t.build, t.attempt, t.fence, t.id, t.buildset, t.builder, t.worker, t.priority, t.attempts, t.version, \(BuildsetContext.columns)
        FROM (
            SELECT m.id AS build, m.attempt, c.fence, c.id, c.buildset, c.builder, c.worker, c.priority, c.attempts, c.version
            FROM made m JOIN claimed c ON c.id = m.request
            UNION ALL
            SELECT g.answered_by, 0, 0, g.id, g.buildset, g.builder, '', g.priority, g.attempts, g.version FROM riding g
        ) t JOIN buildsets b ON b.id = t.buildset JOIN source_stamps s ON s.id = b.stamp
        """

    func claim(_ claims: [Claim], configuration: ConfigurationID) throws -> (builds: [ClaimedBuild], riders: [ClaimedRider]) {
        let rows = try sql.all(
            Self.claiming,
            [
                .integers(claims.map(\.request.rawValue)), .texts(claims.map(\.offer.worker)), .integers(claims.map(\.offer.session.rawValue)),
                .integer(now.microseconds), .integer(configuration.rawValue),
            ])
        var builds: [ClaimedBuild] = []
        var riders: [ClaimedRider] = []
        for row in rows {
            let (build, request, buildset) = (BuildID(row.int64(0)), RequestID(row.int64(3)), BuildsetID(row.int64(4)))
            if contexts[buildset] == nil, store.contexts.value(buildset) == nil { remember(try BuildsetContext(buildset, stored: row, from: 10)) }
            guard row.int(1) > 0 else {
                riders.append(
                    ClaimedRider(
                        request: request, buildset: buildset, builder: row.string(5), build: build, priority: row.int(7), attempts: row.int(8),
                        requestVersion: row.int64(9)))
                continue
            }
            builds.append(
                ClaimedBuild(
                    build: build, attempt: row.int(1), fence: Fence(row.int64(2)), request: request, buildset: buildset, builder: row.string(5),
                    worker: row.string(6), priority: row.int(7), attempts: row.int(8), requestVersion: row.int64(9)))
        }
        return (builds, riders)
    }
}
