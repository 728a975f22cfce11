import Domain
import Storage

@testable import StoragePostgres

/// Fills a store with a long past, and with pending requests that no worker can serve. Names start with `history-`, so that nothing a test makes meets them.
struct PostgresHistory {
    var builds: Int
    var unmatchable = 0

    /// - Parameter analyzing: statistics are taken afterwards; without them the server plans by what it knew before.
    func fill(_ store: PostgresStore, analyzing: Bool = true) async throws {
        for statement in statements {
            try await store.write("making a past") { tx in try tx.sql.run(statement) }
        }
        guard analyzing else { return }
        try await store.pool.withConnection("looking at the past") { _ = try $0.run([.init("VACUUM ANALYZE")]) }
    }

    /// Rows of partitioned tables are in the partition of today.
    private static let now = "(extract(epoch FROM now()) * 1000000)::bigint"

    private var statements: [String] {
        [
            """
            INSERT INTO configurations (digest, document, applied, version)
            VALUES (lpad('0', 64, '0'), '{"project":"history","sources":[],"schedulers":[],"builders":[]}', 0, 1)
            """,
            """
            INSERT INTO source_stamps (id, project, repository, branch, revision, codebase)
            SELECT lpad(n::text, 64, '0'), 'history', 'https://example.org/history.git', 'branch-' || n % 50, lpad(n::text, 40, '0'), ''
            FROM generate_series(1, 1000) n
            """,
            "INSERT INTO match_classes (builder, labels) SELECT 'history-' || n, '{\"os\":\"nowhere\"}' FROM generate_series(0, 19) n",
            """
            INSERT INTO workers (name, labels, slots, program_version, connected)
            SELECT 'history-' || n, '{}', 4, '1.0', 0 FROM generate_series(1, 2000) n
            """,
            """
            INSERT INTO sessions (worker, incarnation, secret_hash, labels, slots, program_version, opened, heard, ended, version)
            SELECT name, 'past', lpad('0', 64, '0'), '{}', 4, '1.0', 0, 0, 1, 1 FROM workers WHERE name LIKE 'history-%'
            """,
            """
            INSERT INTO changes (id, source, dedupe_key, chain, project, repository, branch, revision, author, comments, files, category, properties,
                accepted)
            SELECT nextval('changes_id'), 'history', n, gen_random_uuid(), 'history', 'https://example.org/history.git', 'branch-' || n % 50, n, 'Ada',
                'A change', '[]', '', '{}', n
            FROM generate_series(1, \(builds)) n
            """,
            "INSERT INTO change_keys (source, dedupe_key, change, chain) SELECT source, dedupe_key, id, chain FROM changes WHERE source = 'history'",
            buildsets(finished: true), requests(finished: true),
            """
            INSERT INTO builds (request, buildset, builder, branch, worker, session, attempt, configuration, phase, fence, outcome, assigned, started,
                finished, renewed, version)
            SELECT r.id, r.buildset, r.builder, b.branch, s.worker, s.id, 1, (SELECT min(id) FROM configurations), 'finished', 1, r.outcome,
                r.created, r.created, r.finished, r.finished, 3
            FROM requests r JOIN buildsets b ON b.id = r.buildset JOIN sessions s ON s.worker = 'history-' || (1 + r.id % 2000)
            WHERE b.scheduler = 'history-past' ORDER BY r.id
            """,
            """
            INSERT INTO steps (build, number, attempt, name, phase, outcome, started, finished)
            SELECT id, 1, 1, 'unit', 'finished', outcome, started, finished FROM builds WHERE builder LIKE 'history-%'
            """,
            "INSERT INTO logs (build, name, step, size, closed) SELECT id, '1-unit', 1, 4, true FROM builds WHERE builder LIKE 'history-%'",
            """
            INSERT INTO log_chunks (build, name, start, bytes, made)
            SELECT build, name, 0, 'past', \(Self.now) FROM logs WHERE build IN (SELECT id FROM builds WHERE builder LIKE 'history-%')
            """,
            """
            INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
            SELECT gen_random_uuid(), 'build.finished', 'build', id, 1, 'build.finished', '{}', '{}', \(Self.now) FROM builds WHERE builder LIKE 'history-%'
            """,
            buildsets(finished: false), requests(finished: false),
            """
            INSERT INTO deliveries (source, event, received, verdict, reason, changes, headers, size, place, bytes, body)
            SELECT 'history-' || n % 5, 'push', \(Self.now), 'ignored', 'history', 0, '{}', 4, n / 5 + 1, n / 5 * 4, 'past'
            FROM generate_series(1, \(builds)) n
            """,
        ]
    }

    private func buildsets(finished: Bool) -> String {
        """
        INSERT INTO buildsets (scheduler, trigger_key, reason, chain, parents, stamp, branch, changes, author, comments, properties, open_requests,
            outcome, created, finished, version)
        SELECT 'history-\(finished ? "past" : "waiting")', n, 'history', gen_random_uuid(), '[]', lpad((1 + n % 1000)::text, 64, '0'),
            'branch-' || n % 50, '[]', 'Ada', 'A change', '{}', \(finished ? "0, 'success'" : "1, NULL"), n, \(finished ? "n + 1, 3" : "NULL, 2")
        FROM generate_series(1, \(finished ? builds : unmatchable)) n
        """
    }

    private func requests(finished: Bool) -> String {
        """
        INSERT INTO requests (buildset, builder, match_class, phase, priority, attempts, attempts_allowed, fence, outcome, created, claimed, finished,
            version)
        SELECT b.id, m.builder, m.id, '\(finished ? "finished" : "pending")', 0, \(finished ? "1, 3, 1" : "0, 3, 0"), b.outcome, b.created,
            \(finished ? "b.created" : "NULL"), b.finished, \(finished ? 3 : 1)
        FROM buildsets b JOIN match_classes m ON m.builder = 'history-' || (b.id % 20)
        WHERE b.scheduler = 'history-\(finished ? "past" : "waiting")' ORDER BY b.id
        """
    }
}
