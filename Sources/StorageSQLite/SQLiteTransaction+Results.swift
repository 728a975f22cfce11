import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    func keepResults(_ results: [BuildResult], droppingBefore oldest: Timestamp) throws {
        for result in results {
            try run(
                """
                INSERT INTO results (key, build, outcome, finished) VALUES (?, ?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET build = excluded.build, outcome = excluded.outcome, finished = excluded.finished
                """, [result.key, result.build.rawValue, result.outcome.rawValue, result.finished.microseconds])
        }
        // Index: results_age.
        try run(
            "DELETE FROM results WHERE key IN (SELECT key FROM results WHERE finished < ? ORDER BY finished LIMIT 100)", [oldest.microseconds])
    }

    func results(_ keys: [String]) throws -> [String: BuildResult] {
        try all("SELECT key, build, outcome, finished FROM results WHERE key IN (SELECT value FROM json_each(?))", [JSONText.encode(keys)])
            .reduce(into: [:]) {
                guard let outcome = $1.outcome(2) else { throw StoreError.internalError("a result has no known outcome") }
                $0[$1.string(0)] = BuildResult(key: $1.string(0), build: BuildID($1.int64(1)), outcome: outcome, finished: $1.time(3))
            }
    }
}
