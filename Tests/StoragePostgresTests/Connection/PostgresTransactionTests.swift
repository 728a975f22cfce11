import Foundation
import Storage
import Synchronization
import Testing

@testable import StoragePostgres

@Suite(.takingTurns) struct PostgresTransactionTests {
    private struct Refused: Error {}

    @Test("What a body throws undoes everything, and nothing is done that waited for the commit")
    func rollback() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let pool = try database.pool()
        let told = Atomic<Int>(0)
        await #expect(throws: Refused.self) {
            try await pool.transaction("failing") { tx in
                try tx.run("INSERT INTO t VALUES (1)")
                tx.later("INSERT INTO t VALUES (2)")
                tx.whenCommitted { told.add(1, ordering: .relaxed) }
                throw Refused()
            }
        }
        #expect(try database.count("t") == 0)
        #expect(told.load(ordering: .relaxed) == 0)
        await pool.close()
    }

    @Test("Statements that nobody waits for run in their order, before the commit")
    func later() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let pool = try database.pool()
        let told = Atomic<Int>(0)
        let seen = try await pool.transaction("writing") { tx in
            tx.whenCommitted { told.add(1, ordering: .relaxed) }
            tx.later("INSERT INTO t VALUES (1)")
            let seen = try tx.first("SELECT count(*) FROM t")?.int(0)
            tx.later("INSERT INTO t VALUES (2)")
            return seen
        }
        #expect(seen == 1)
        #expect(try database.count("t") == 2)
        #expect(told.load(ordering: .relaxed) == 1)
        await pool.close()
    }

    @Test("An error in a statement that nobody waited for undoes the transaction and is told")
    func laterError() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint PRIMARY KEY)")
        let pool = try database.pool()
        let error = await refusal {
            try await pool.transaction("writing") { tx in
                try tx.run("INSERT INTO t VALUES (1)")
                tx.later("INSERT INTO t VALUES (1)")
            }
        }
        guard case .conflict(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.contains("t_pkey"))
        #expect(try database.count("t") == 0)
        await pool.close()
    }

    @Test("BEGIN rides with the first statement, COMMIT with the last, and a read costs one round trip")
    func roundTrips() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let pool = try database.pool(PostgresPool.limits(connections: 1))
        func trips(_ body: () async throws -> Void) async throws -> UInt64 {
            let before = pool.statistics.roundTrips
            try await body()
            return pool.statistics.roundTrips - before
        }
        try await pool.read("connecting") { _ = try $0.first("SELECT 1") }
        #expect(try await trips { try await pool.read("reading") { _ = try $0.first("SELECT 1") } } == 1)
        #expect(try await trips { try await pool.read("asking nothing") { _ in } } == 0)
        #expect(try await trips { try await pool.transaction("asking nothing") { _ in } } == 0)
        let writing = try await trips {
            try await pool.transaction("writing") { tx in
                try tx.run("INSERT INTO t VALUES (1)")
                for _ in 0..<5 { tx.later("INSERT INTO t VALUES (2)") }
            }
        }
        #expect(writing == 2)
        #expect(try database.count("t") == 6)
        await pool.close()
    }

    @Test("A read sees one moment, leaves no snapshot behind and cannot write")
    func reading() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let pool = try database.pool(PostgresPool.limits(connections: 1))
        let counts = try await pool.read("counting twice") { tx in
            let first = try tx.first("SELECT count(*) FROM t")?.int(0)
            _ = try database.run("INSERT INTO t VALUES (1)")
            return [first, try tx.first("SELECT count(*) FROM t")?.int(0)]
        }
        #expect(counts == [0, 0])
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        #expect(try await eventually { try database.run(open)[0][0].int(0) == 0 })
        let error = await refusal { try await pool.read("writing") { _ = try $0.run("INSERT INTO t VALUES (1)") } }
        #expect(error?.description.contains("read-only") == true)
        #expect(try await pool.read("later") { try $0.first("SELECT count(*) FROM t")?.int(0) } == 1)
        await pool.close()
    }

    @Test("A value of an unexpected type ends its transaction: nothing is committed or told that was concluded from it")
    func wrongType() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let pool = try database.pool()
        let written = await refusal {
            try await pool.transaction("writing") { tx in
                let wrong = try tx.first("SELECT 'seven'")?.int64(0) ?? 0
                try tx.run("INSERT INTO t VALUES ($1)", [.integer(wrong)])
            }
        }
        guard case .internalError = written else {
            Issue.record("\(String(describing: written))")
            return
        }
        #expect(try database.count("t") == 0)
        #expect(await refusal { _ = try await pool.read("reading") { try $0.first("SELECT 'seven'")?.int64(0) } } != nil)
        #expect(try await pool.read("later") { try $0.first("SELECT 7")?.int64(0) } == 7)
        await pool.close()
    }

    @Test("Of two transactions in a deadlock both come to their end")
    func deadlock() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint PRIMARY KEY, n bigint)", "INSERT INTO t VALUES (1, 0), (2, 0)")
        let pool = try database.pool()
        let gate = Gate(2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for order in [[1, 2], [2, 1]] {
                group.addTask {
                    try await pool.transaction("crossing") { tx in
                        try tx.run("UPDATE t SET n = n + 1 WHERE id = $1", [.integer(order[0])])
                        gate.meet()
                        try tx.run("UPDATE t SET n = n + 1 WHERE id = $1", [.integer(order[1])])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try database.run("SELECT min(n), max(n) FROM t")[0].map { [$0.int(0), $0.int(1)] } == [[2, 2]])
        #expect(pool.statistics.retries >= 1)
        await pool.close()
    }

    @Test("Of two transactions that cannot be put in an order one is run again, after the other")
    func serialization() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (n bigint)", "INSERT INTO t VALUES (1)")
        let pool = try database.pool()
        let gate = Gate(2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await pool.transaction("adding up", isolation: .serializable) { tx in
                        let sum = try tx.first("SELECT sum(n)::bigint FROM t")?.int64(0) ?? 0
                        gate.meet()
                        try tx.run("INSERT INTO t VALUES ($1)", [.integer(sum)])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try database.run("SELECT n FROM t ORDER BY n")[0].map { $0.int(0) } == [1, 1, 2])
        #expect(pool.statistics.retries >= 1)
        await pool.close()
    }

    @Test("A prepared plan that grew stale with the schema is nobody's error")
    func stalePlan() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)", "INSERT INTO t VALUES (1)")
        let pool = try database.pool(PostgresPool.limits(connections: 1))
        let read: @Sendable (PostgresTransaction) throws -> Int32? = { try $0.first("SELECT * FROM t")?.columns }
        #expect(try await pool.read("reading", read) == 1)
        _ = try database.run("ALTER TABLE t ADD COLUMN more bigint")
        #expect(try await pool.read("reading", read) == 2)
        await pool.close()
    }
}
