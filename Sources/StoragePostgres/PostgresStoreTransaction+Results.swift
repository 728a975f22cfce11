import Domain
import Storage

extension PostgresStoreTransaction {
    func keepResults(_ results: [BuildResult], droppingBefore oldest: Timestamp) throws {
        sql.later(
            """
            INSERT INTO results (key, build, outcome, finished)
            SELECT key, build, outcome, finished FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[])
                WITH ORDINALITY AS j (key, build, outcome, finished, place) ORDER BY place
            ON CONFLICT (key) DO UPDATE SET build = excluded.build, outcome = excluded.outcome, finished = excluded.finished
            """,
            [
                .texts(results.map(\.key)), .integers(results.map(\.build.rawValue)), .texts(results.map(\.outcome.rawValue)),
                .integers(results.map(\.finished.microseconds)),
            ])
        // Index: results_age. Whoever else drops some, or renews one, at this moment has those.
        sql.later(
            "DELETE FROM results WHERE key IN (SELECT key FROM results WHERE finished < $1 ORDER BY finished LIMIT 100 FOR UPDATE SKIP LOCKED)",
            [.integer(oldest.microseconds)])
    }

    func results(_ keys: [String]) throws -> [String: BuildResult] {
        try sql.all("SELECT key, build, outcome, finished FROM results WHERE key = ANY ($1::text[])", [.texts(keys)]).reduce(into: [:]) {
            guard let outcome = $1.outcome(2) else { throw StoreError.internalError("a result has no known outcome") }
            $0[$1.string(0)] = BuildResult(key: $1.string(0), build: BuildID($1.int64(1)), outcome: outcome, finished: $1.time(3))
        }
    }
}
