import Domain
import Schemas
import Storage
import Testing

@testable import StoragePostgres

/// Behind a pooler that hands out its connections by transaction, with the real pgbouncer.
@Suite(.takingTurns) struct PostgresPoolerTests {
    @Test("The store works, keeps its time-outs and leaves nothing in the sessions")
    func transactionMode() async throws {
        let database = try await TestDatabase()
        let pooler = try await PrivatePooler(database, connections: 2)
        let address = try PostgresAddress(database.url(port: pooler.port) + "&prepared=off")
        let store = try await PostgresStore.open(address, connections: 6, migrating: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    try await store.pool.transaction("writing") { tx in
                        let now = try #require(try tx.first("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"))
                        #expect(now.string(0) == "1min" && now.string(1) == "20s")
                        try tx.run("INSERT INTO change_keys VALUES ('s', $1, 1, '')", [.text("\(number)")])
                        #expect(try tx.first("SELECT count(*) FROM pg_prepared_statements")?.int(0) == 0)
                    }
                    _ = try await store.now()
                }
            }
            try await group.waitForAll()
        }
        #expect(try database.count("change_keys") == 60)
        // A session of the pooler as the next client finds it.
        let plain = try PostgresConnection(try PostgresAddress(database.url(port: pooler.port) + "&prepared=off"))
        #expect(try plain.run([.init("SELECT current_setting('statement_timeout')")])[0].rows[0].string(0) == "0")
        try await store.close()
        await pooler.stop()
    }

    @Test("A database that is empty needs no service to be spared, and is brought up through a pooler, too")
    func empty() async throws {
        let database = try await TestDatabase()
        try PostgresMigrator(migrations: Schemas.postgres).migrate(try PostgresConnection(try database.address("prepared=off")))
        #expect(try database.run("SELECT indisvalid FROM pg_index WHERE indexrelid = 'changes_codebase'::regclass")[0][0].bool(0))
    }

    @Test("An index that is built beside running services needs the database itself, and says so")
    func concurrently() async throws {
        let database = try await TestDatabase()
        let connection = try PostgresConnection(try database.address("prepared=off"))
        let migrations: [Schemas.Migration] = [
            .init(number: 1, name: "table", sql: "CREATE TABLE t (id bigint);"),
            .init(number: 2, name: "index", sql: "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_id ON t (id);"),
        ]
        try PostgresMigrator(migrations: [migrations[0]]).migrate(connection)
        let error = #expect(throws: StoreError.self) { try PostgresMigrator(migrations: migrations).migrate(connection) }
        #expect(error?.description.contains("not of a pooler") == true)
        #expect(PostgresListener(try database.address("prepared=off"), channels: ["x"]) { _, _ in } == nil)
    }
}

extension PostgresConnection {
    /// Whether somebody answers there.
    static func connects(_ url: String) throws -> Bool {
        try PostgresConnection(try PostgresAddress(url)).run([.init("SELECT 1")])[0].rows[0].int(0) == 1
    }
}
