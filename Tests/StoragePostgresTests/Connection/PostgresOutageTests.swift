import Foundation
import ServerSupport
import Storage
import Synchronization
import TestSupport
import Testing

@testable import StoragePostgres

@Suite(.serialized, .takingTurns) struct PostgresOutageTests {
    @Test("Whatever restarts the server, what was acknowledged is there once, and nothing is there twice")
    func restarts() async throws {
        let server = try await PrivatePostgres.start()
        let database = TestDatabase(url: try await server.newDatabase())
        // No unique key: what was done twice would show.
        _ = try database.run("CREATE TABLE t (id bigint)")
        let pool = try database.pool(PostgresPool.limits(connections: 4))
        let isBack = Mutex(Flag())
        pool.onReconnect { isBack.withLock { $0 }.raise() }
        let isOver = Flag()
        let next = Watched(0)
        let writers = (0..<8).map { _ in
            Task {
                var acknowledged: [Int] = []
                while !isOver.isRaised {
                    let id = next.change { count in
                        count += 1
                        return count
                    }
                    do {
                        try await pool.transaction("writing") { tx in
                            try tx.run("INSERT INTO t VALUES ($1)", [.integer(id)])
                            tx.later("SELECT 1")
                        }
                        acknowledged.append(id)
                    } catch StoreError.unavailable {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                return acknowledged
            }
        }
        for mode in [PrivatePostgres.Stop.fast, .immediate, .immediate, .fast] {
            let before = pool.statistics.transactions
            #expect(await eventually { pool.statistics.transactions > before + 50 })
            isBack.withLock { $0 = Flag() }
            try await server.restart(mode)
            await isBack.withLock { $0 }.wait()
        }
        isOver.raise()
        var acknowledged: [Int] = []
        for writer in writers { acknowledged += try await writer.value }
        let found = try database.run("SELECT id FROM t")[0].map { $0.int(0) }
        #expect(Set(found).count == found.count)
        #expect(Set(acknowledged).subtracting(found).isEmpty)
        #expect(pool.statistics.connectionsLost > 0)
        await pool.close()
        try await server.stop()
    }

    @Test("While the database is away everybody is told so, and the pool comes back by itself")
    func away() async throws {
        let database = try await TestDatabase()
        let proxy = try FaultProxy(to: database.port)
        let pool = PostgresPool(try PostgresAddress(database.url(port: proxy.port)), limits: PostgresPool.limits())
        let isBack = Flag()
        pool.onReconnect { isBack.raise() }
        #expect(try await pool.read("reading") { try $0.first("SELECT 1")?.int(0) } == 1)
        proxy.refuse(true)
        proxy.cut()
        #expect(
            await eventually {
                await refusal { try await pool.read("reading") { _ = try $0.first("SELECT 1") } }?.description.contains("is tried again and again")
                    == true
            })
        #expect(pool.statistics.isAway)
        proxy.refuse(false)
        // Nobody asks for anything: the pool itself tries.
        await isBack.wait()
        #expect(try await pool.read("reading") { try $0.first("SELECT 1")?.int(0) } == 1)
        await pool.close()
        proxy.stop()
    }

    @Test("Of several servers the one is used that can be written to, and its successor when that changes")
    func failover() async throws {
        let one = try await TestDatabase()
        // Two ways to one server stand for two servers; a login of its own makes it one that cannot be written to.
        let ends = try (0..<2).map { _ in try FaultProxy(to: one.port) }
        let name = "failover_\(UUID().uuidString.prefix(8).lowercased())"
        _ = try one.run("CREATE ROLE \(name) LOGIN PASSWORD 'failover'")
        let database = URL(string: one.url)?.lastPathComponent ?? ""
        let pool = PostgresPool(
            try PostgresAddress("postgres://\(name):failover@127.0.0.1:\(ends[0].port),127.0.0.1:\(ends[1].port)/\(database)"),
            limits: PostgresPool.limits(connections: 1))
        let port = { @Sendable (tx: PostgresTransaction) in try tx.first("SELECT current_setting('transaction_read_only')")?.string(0) }
        #expect(try await pool.transaction("writing", port) == "off")
        // The first host is gone: the second takes over.
        ends[0].refuse(true)
        ends[0].cut()
        #expect(await eventually { (try? await pool.transaction("writing", port)) == "off" })
        // Nobody can be written to.
        _ = try one.run("ALTER ROLE \(name) SET default_transaction_read_only = on")
        ends[0].refuse(false)
        ends[1].cut()
        #expect(
            await eventually {
                await refusal { try await pool.transaction("writing") { _ = try $0.first("SELECT 1") } }?.description.contains("read-only") == true
            })
        _ = try one.run("ALTER ROLE \(name) SET default_transaction_read_only = off")
        #expect(await eventually { (try? await pool.transaction("writing", port)) == "off" })
        await pool.close()
        for end in ends { end.stop() }
    }
}
