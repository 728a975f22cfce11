import Foundation
import ProcessSupport
import Storage

@testable import StoragePostgres

/// Writes events as services do, at its worst: long transactions, several entities in each, savepoints that are rolled back, transactions that give up.
struct FuzzWriter: Sendable {
    let pool: PostgresPool
    let plan: FuzzPlan
    let number: Int
    let ring: @Sendable () -> Void

    /// The entities, with their versions; beside the tables of the store.
    static func prepare(_ pool: PostgresPool, _ plan: FuzzPlan) async throws {
        try await pool.transaction("preparing the fuzz") { sql in
            try sql.run("CREATE TABLE fuzz_entities (id bigint PRIMARY KEY, version bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50)")
            try sql.run("INSERT INTO fuzz_entities (id) SELECT generate_series(1, $1)", [.integer(plan.entities)])
        }
    }

    /// Everything that was written and not taken back.
    static func committed(_ pool: PostgresPool) async throws -> [FuzzJudge.Event] {
        try await pool.read("reading all") { sql in
            try sql.all("SELECT message_id, entity_id, entity_version FROM outbox").map {
                .init(id: $0.string(0), entity: $0.int64(1), version: $0.int64(2))
            }
        }
    }

    /// An event after all others, by which a consumer knows the end.
    static func writeLast(_ pool: PostgresPool) async throws {
        try await pool.transaction("writing the last event") { sql in
            try sql.run(
                """
                INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
                SELECT gen_random_uuid()::text, 'build.finished', 'build', 0, 1, 'the.last', '{}', '{}', \(PostgresStore.clock)
                """)
        }
    }

    func run() async throws {
        var random = SeededGenerator(seed: plan.seed &+ UInt64(number) &* 7919)
        for _ in 0..<plan.transactions {
            let script = Script(&random, entities: plan.entities)
            do {
                try await pool.transaction("writing events") { try script.play($0) }
                if script.rings { ring() }
            } catch is GivenUp {
                continue
            }
        }
    }

    private struct GivenUp: Error {}

    /// One transaction, decided before it begins, so that a repeat does the same.
    private struct Script: Sendable {
        struct Part: Sendable {
            var entities: [Int64]
            var milliseconds: Double
            var isSavepoint: Bool
            var isRolledBack: Bool
        }
        var parts: [Part]
        var givesUp: Bool
        var rings: Bool

        init(_ random: inout SeededGenerator, entities: Int64) {
            // One in ten is long, and a rare one very long.
            let scale = [0, 0, 0, 1, 1, 1, 1, 2, 8, 60].randomElement(using: &random) ?? 0
            // Locks are taken in one order, as everywhere; deadlocks are found by waiting, and there is enough to wait for.
            var chosen = (0..<Int.random(in: 1...8, using: &random)).map { _ in Int64.random(in: 1...entities, using: &random) }.sorted()[...]
            parts = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                let isSavepoint = Bool.random(using: &random)
                let taken = chosen.prefix(Int.random(in: 1...3, using: &random))
                chosen = chosen.dropFirst(taken.count)
                return Part(
                    entities: Array(taken), milliseconds: Double.random(in: 0...1, using: &random) * Double(scale), isSavepoint: isSavepoint,
                    isRolledBack: isSavepoint && Int.random(in: 0..<3, using: &random) == 0)
            }
            givesUp = Int.random(in: 0..<12, using: &random) == 0
            rings = Int.random(in: 0..<10, using: &random) > 0
        }

        func play(_ sql: PostgresTransaction) throws {
            for part in parts {
                if part.isSavepoint { try sql.run("SAVEPOINT part") }
                for entity in part.entities { try Self.write(entity, sql) }
                // On the connection's own thread.
                if part.milliseconds > 0 { Thread.sleep(forTimeInterval: part.milliseconds / 1000) }
                if part.isRolledBack { try sql.run("ROLLBACK TO SAVEPOINT part") }
            }
            if givesUp { throw GivenUp() }
        }

        /// The event is inserted after the entity's row is locked, and numbered by it.
        private static func write(_ entity: Int64, _ sql: PostgresTransaction) throws {
            try sql.run(
                """
                WITH raised AS (UPDATE fuzz_entities SET version = version + 1 WHERE id = $1 RETURNING version)
                INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
                SELECT gen_random_uuid()::text, 'build.finished', 'build', $1, version, 'build.finished.fuzz', '{}', '{}', \(PostgresStore.clock)
                FROM raised
                """, [.integer(entity)])
        }
    }
}
