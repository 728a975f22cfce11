import Foundation
import Schemas
import Storage
import Testing

@testable import StoragePostgres

@Suite(.takingTurns) struct PostgresMigratorTests {
    private func connection(_ database: TestDatabase) throws -> PostgresConnection { try PostgresConnection(try database.address()) }

    @Test("Of four migrators at once one works, and all come to the same end")
    func atOnce() async throws {
        let database = try await TestDatabase()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let store = try await PostgresStore.open(try database.address(), connections: 1, migrating: true)
                    try await store.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(try database.run("SELECT number FROM schema_migrations ORDER BY number")[0].map { $0.int(0) } == Schemas.postgres.map(\.number))
        #expect(try database.count("deployment") == 1)
    }

    @Test("A migration that fails leaves nothing behind, and those before it stay")
    func failing() async throws {
        let database = try await TestDatabase()
        let migrator = PostgresMigrator(migrations: [
            .init(number: 1, name: "one", sql: "CREATE TABLE one (id bigint);"),
            .init(number: 2, name: "two", sql: "CREATE TABLE two (id bigint);\nSELECT 1 / 0;"),
        ])
        #expect(throws: PostgresError.self) { try migrator.migrate(try connection(database)) }
        #expect(
            try database.run("SELECT to_regclass('one') IS NOT NULL, to_regclass('two') IS NULL")[0].map { [$0.bool(0), $0.bool(1)] } == [
                [true, true]
            ])
        #expect(try database.run("SELECT number FROM schema_migrations")[0].map { $0.int(0) } == [1])
    }

    @Test("A released migration that was changed is found out")
    func changed() async throws {
        let database = try await TestDatabase()
        try PostgresMigrator(migrations: [.init(number: 1, name: "one", sql: "CREATE TABLE one (id bigint);")]).migrate(try connection(database))
        let error = #expect(throws: StoreError.self) {
            try PostgresMigrator(migrations: [.init(number: 1, name: "one", sql: "CREATE TABLE one (id text);")]).migrate(try connection(database))
        }
        #expect(error?.description.contains("another form") == true)
    }

    @Test("A migration waits for a table in use without making others wait, and comes through when it is free")
    func lockedTable() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let reader = try connection(database)
        _ = try reader.run([.init("BEGIN"), .init("SELECT count(*) FROM t")])
        var migrator = PostgresMigrator(migrations: [.init(number: 1, name: "alter", sql: "ALTER TABLE t ADD COLUMN more bigint;")])
        migrator.lockTimeout = .milliseconds(20)
        migrator.mostTries = 3
        // The registry is there, so that the table is not taken for another program's.
        _ = try database.run(
            "CREATE TABLE schema_migrations (number bigint PRIMARY KEY, name text, digest text, oldest bigint, applied timestamptz DEFAULT now())",
            "INSERT INTO schema_migrations VALUES (0, 'before', '', 0)")
        let error = #expect(throws: StoreError.self) { try migrator.migrate(try connection(database)) }
        #expect(error?.description.contains("end long transactions") == true)
        #expect(try database.count("t") == 0)
        _ = try reader.run([.init("COMMIT")])
        try migrator.migrate(try connection(database))
        #expect(try database.run("SELECT more FROM t")[0].isEmpty)
    }

    @Test("An index is built beside running services, and an unfinished one is built again")
    func concurrently() async throws {
        let database = try await TestDatabase()
        var migrations = [Schemas.Migration(number: 1, name: "table", sql: "CREATE TABLE t (id bigint);\nINSERT INTO t VALUES (1), (1);")]
        try PostgresMigrator(migrations: migrations).migrate(try connection(database))
        migrations.append(.init(number: 2, name: "index", sql: "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_id ON t (id);"))
        let migrator = PostgresMigrator(migrations: migrations)
        // It cannot be finished, and leaves an invalid index.
        #expect(throws: PostgresError.self) { try migrator.migrate(try connection(database)) }
        #expect(try database.run("SELECT count(*) FROM pg_index WHERE NOT indisvalid")[0][0].int(0) == 1)
        _ = try database.run("DELETE FROM t")
        try migrator.migrate(try connection(database))
        #expect(try database.run("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_id'::regclass")[0][0].bool(0))
        #expect(try database.count("schema_migrations") == 2)
    }
}
