import Foundation
import Signals
import Storage
import TestSupport
import Testing

@testable import StoragePostgres

@Suite(.takingTurns) struct PostgresPoolTests {
    @Test("However many transactions run, no more connections are opened than allowed")
    func bound() async throws {
        let pool = try await TestDatabase().pool(PostgresPool.limits(connections: 3))
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<40 {
                group.addTask { try await pool.read("counting") { try $0.first("SELECT $1::bigint", [.integer(number)])?.int(0) ?? -1 } }
            }
            var seen: Set<Int> = []
            for try await number in group { seen.insert(number) }
            #expect(seen == Set(0..<40))
        }
        let statistics = pool.statistics
        #expect(statistics.connects <= 3 && statistics.open <= 3)
        #expect(statistics.busy == 0 && statistics.waiting == 0)
        await pool.close()
        #expect(pool.statistics.open == 0)
    }

    @Test("Beyond the queue's bound nobody waits")
    func overload() async throws {
        let pool = try await TestDatabase().pool(PostgresPool.limits(connections: 1, mostWaiting: 2))
        let held = Held(pool)
        try await held.begin()
        let waiting = (0..<2).map { _ in Task { try await pool.read("waiting") { try $0.first("SELECT 1")?.int(0) } } }
        #expect(await eventually { pool.statistics.waiting == 2 })
        await #expect(throws: Overloaded(what: "database transactions", waiting: 2)) {
            try await pool.read("too much") { _ = try $0.first("SELECT 1") }
        }
        try await held.end()
        for task in waiting { #expect(try await task.value == 1) }
        await pool.close()
    }

    @Test("Whoever waits too long is told that all connections are in use")
    func longWait() async throws {
        let pool = try await TestDatabase().pool(PostgresPool.limits(connections: 1, longestWait: .milliseconds(20)))
        let held = Held(pool)
        try await held.begin()
        let error = await refusal { try await pool.read("waiting") { _ = try $0.first("SELECT 1") } }
        #expect(error?.description.contains("no database connection became free") == true)
        try await held.end()
        #expect(try await pool.read("later") { try $0.first("SELECT 1")?.int(0) } == 1)
        await pool.close()
    }

    @Test("A task that is cancelled while it waits leaves the queue")
    func cancelledWait() async throws {
        let pool = try await TestDatabase().pool(PostgresPool.limits(connections: 1))
        let held = Held(pool)
        try await held.begin()
        let task = Task { try await pool.read("waiting") { try $0.first("SELECT 1")?.int(0) } }
        #expect(await eventually { pool.statistics.waiting == 1 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(pool.statistics.waiting == 0)
        try await held.end()
        await pool.close()
    }

    @Test("A read that is cancelled ends at the server too, and its connection is not used again")
    func cancelledRead() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool(PostgresPool.limits(connections: 1))
        let sleeping =
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND datname = current_database() AND state = 'active'"
        let task = Task { try await pool.read("sleeping") { _ = try $0.first("SELECT pg_sleep(600)") } }
        #expect(try await eventually { try database.run(sleeping)[0][0].int(0) == 1 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { try database.run(sleeping)[0][0].int(0) == 0 })
        #expect(try await pool.read("later") { try $0.first("SELECT 1")?.int(0) } == 1)
        #expect(pool.statistics.connects == 2)
        await pool.close()
    }

    @Test("A write is not cancelled with its task: whoever gives up must not leave open whether it happened")
    func cancelledWrite() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let pool = try database.pool(PostgresPool.limits(connections: 1))
        let held = Held(pool)
        try await held.begin(writing: "INSERT INTO t VALUES (1)")
        held.task?.cancel()
        try await held.end()
        #expect(try database.count("t") == 1)
        await pool.close()
    }

    @Test("Closing lets what runs come to its end and refuses what comes later")
    func draining() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let pool = try database.pool(PostgresPool.limits(connections: 1))
        let held = Held(pool)
        try await held.begin(writing: "INSERT INTO t VALUES (1)")
        let closing = Task { await pool.close() }
        #expect(await eventually { await refusal { try await pool.read("late") { _ in } } == .unavailable("late: the store is closed") })
        try await held.end()
        await closing.value
        #expect(try database.count("t") == 1)
        #expect(pool.statistics.open == 0)
    }

    @Test("What does not come to its end in time is ended when the pool closes")
    func drainingByForce() async throws {
        let database = try await TestDatabase()
        var limits = PostgresPool.limits(connections: 1)
        limits.drain = .milliseconds(20)
        let pool = try database.pool(limits)
        let task = Task { try await pool.transaction("sleeping") { _ = try $0.first("SELECT pg_sleep(600)") } }
        #expect(await eventually { pool.statistics.busy == 1 && pool.statistics.open == 1 })
        // It may be on its way to the server yet: asked again until it is there.
        await pool.close()
        await #expect(throws: (any Error).self) { try await task.value }
    }

    @Test("Connections that broke while nobody used them cost nobody an error, and the return is told")
    func brokenIdle() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool(PostgresPool.limits(connections: 3))
        let isBack = Flag()
        pool.onReconnect { isBack.raise() }
        let gate = Gate(3)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await pool.read("opening all") {
                        _ = try $0.first("SELECT 1")
                        gate.meet()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(pool.statistics.open == 3)
        _ = try database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        for _ in 0..<6 { #expect(try await pool.read("again") { try $0.first("SELECT 1")?.int(0) } == 1) }
        await isBack.wait()
        #expect(pool.statistics.connectionsLost >= 1)
        #expect(await eventually { !pool.statistics.isAway })
        await pool.close()
    }
}
