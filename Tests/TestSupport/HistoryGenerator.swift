/// Fills an empty, closed SQLite store with a long past: SQL that inserts finished builds by the million in seconds.
///
/// The rows are what a store would have after as many buildsets of one request and one build each; only their events are left out. Run `statements`
/// in order on the database file, outside of the store.
public struct HistoryGenerator: Sendable {
    public var builds: Int
    /// Pending requests that no worker can serve (they ask for `os: nowhere`), beside the builds.
    public var unmatchable: Int
    public var builders: Int
    public var workers: Int

    public init(builds: Int, unmatchable: Int = 0, builders: Int = 20, workers: Int = 10) {
        self.builds = builds
        self.unmatchable = unmatchable
        self.builders = builders
        self.workers = workers
    }

    /// Names start with `history-`, so that nothing a test makes meets them. Numbers follow those that are there.
    public var statements: [String] {
        [
            // Rows that are right by construction need no look at what they refer to, and their tables fit into memory.
            "PRAGMA foreign_keys = OFF", "PRAGMA cache_size = -600000", "PRAGMA synchronous = OFF", "BEGIN IMMEDIATE",
            """
            INSERT INTO configurations (digest, document, applied, version)
            SELECT printf('%064d', 0), json_object('project', 'history', 'sources', json_array(), 'schedulers', json_array(), 'builders',
                json_array()), 0, 1
            WHERE NOT EXISTS (SELECT 1 FROM configurations)
            """,
            """
            INSERT INTO source_stamps (id, project, repository, branch, revision, codebase)
            SELECT printf('%064d', value), 'history', 'https://example.org/history.git', 'branch-' || (value % 50), printf('%040x', value), ''
            FROM generate(1000) WHERE true ON CONFLICT DO NOTHING
            """,
            """
            INSERT INTO match_classes (builder, labels)
            SELECT 'history-' || value, '{"os":"nowhere"}' FROM generate(\(builders)) WHERE true ON CONFLICT DO NOTHING
            """,
            """
            INSERT INTO workers (name, labels, slots, program_version, connected)
            SELECT 'history-' || value, '{}', 4, '1.0', 0 FROM generate(\(workers)) WHERE true ON CONFLICT DO NOTHING
            """,
            """
            INSERT INTO sessions (worker, incarnation, secret_hash, labels, slots, program_version, opened, ended, version)
            SELECT 'history-' || value, 'past', printf('%064d', value), '{}', 4, '1.0', 0, 1, 1 FROM generate(\(workers))
            """,
            buildsets(builds, finished: true), requests(builds, finished: true), pastBuilds, buildsets(unmatchable, finished: false),
            requests(unmatchable, finished: false), "COMMIT",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ].map(Self.expanded)
    }

    private func buildsets(_ count: Int, finished: Bool) -> String {
        """
        INSERT INTO buildsets (scheduler, trigger_key, reason, chain, parents, stamp, branch, changes, author, comments, properties,
            open_requests, outcome, created, finished, version)
        SELECT 'history-\(finished ? "past" : "waiting")', value, 'history', printf('%08x-0000-4000-8000-%012x', value, value), '[]',
            printf('%064d', 1 + value % 1000), 'branch-' || ((1 + value % 1000) % 50), '[]', 'Ada <ada@example.org>', 'A change', '{}',
            \(finished ? "0, CASE value % 10 WHEN 0 THEN 'failure' ELSE 'success' END" : "1, NULL"), value * 1000000,
            \(finished ? "value * 1000000 + 500000" : "NULL"), \(finished ? 3 : 2)
        FROM generate(\(count))
        """
    }

    private func requests(_ count: Int, finished: Bool) -> String {
        """
        INSERT INTO requests (buildset, builder, match_class, phase, priority, attempts, attempts_allowed, fence, outcome, created, claimed,
            finished, version)
        SELECT b.id, m.builder, m.id, '\(finished ? "finished" : "pending")', 0, \(finished ? "1, 3, 1" : "0, 3, 0"), b.outcome, b.created,
            \(finished ? "b.created" : "NULL"), b.finished, \(finished ? 3 : 1)
        FROM buildsets b JOIN match_classes m ON m.builder = 'history-' || (1 + b.trigger_key % \(builders)) AND m.labels = '{"os":"nowhere"}'
        WHERE b.scheduler = 'history-\(finished ? "past" : "waiting")' AND \(count) > 0 ORDER BY b.id
        """
    }

    private var pastBuilds: String {
        """
        INSERT INTO builds (request, buildset, builder, branch, worker, session, attempt, configuration, phase, fence, outcome, assigned, started,
            finished, renewed, version)
        SELECT r.id, r.buildset, r.builder, b.branch, s.worker, s.id, 1, (SELECT min(id) FROM configurations), 'finished', 1, r.outcome, r.created,
            r.created, r.finished, r.finished, 3
        FROM requests r JOIN buildsets b ON b.id = r.buildset
        JOIN sessions s ON s.worker = 'history-' || (1 + r.id % \(workers)) AND s.incarnation = 'past'
        WHERE b.scheduler = 'history-past' AND r.phase = 'finished' ORDER BY r.id
        """
    }

    /// `generate(n)` is a table of 1 to n in a column `value`.
    private static func expanded(_ statement: String) -> String {
        guard let call = statement.firstRange(of: /generate\([0-9]+\)/) else { return statement }
        let count = statement[call].dropFirst("generate(".count).dropLast()
        return statement.replacingCharacters(
            in: call,
            with:
                "(WITH RECURSIVE n (value) AS (SELECT 1 WHERE \(count) > 0 UNION ALL SELECT value + 1 FROM n WHERE value < \(count)) SELECT value FROM n)"
        )
    }
}
