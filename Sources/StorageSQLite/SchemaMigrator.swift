import Domain
import GRDB
import Schemas
import Storage

/// Brings a database to the newest schema this program knows, one numbered file after the other, each in a transaction of its own.
struct SchemaMigrator {
    var migrations: [Schemas.Migration]

    func migrate(_ pool: DatabasePool, path: String, now: Timestamp) throws {
        let done = try pool.read { try Self.applied($0, path: path) }
        let known = migrations.map(\.number).max() ?? 0
        guard done <= known else { throw StoreError.newerSchema(found: done, known: known) }
        for migration in migrations.sorted(by: { $0.number < $1.number }) where migration.number > done {
            try pool.write { db in
                try db.execute(
                    sql: "CREATE TABLE IF NOT EXISTS schema_migrations "
                        + "(number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied INTEGER NOT NULL) STRICT")
                try db.execute(sql: migration.sql)
                try db.execute(
                    sql: "INSERT INTO schema_migrations (number, name, applied) VALUES (?, ?, ?)",
                    arguments: [migration.number, migration.name, now.microseconds])
            }
        }
    }

    /// The newest migration in the database; 0 when it is empty. Somebody else's database is refused.
    private static func applied(_ db: Database, path: String) throws -> Int {
        if try db.tableExists("schema_migrations") {
            return try Int.fetchOne(db, sql: "SELECT max(number) FROM schema_migrations") ?? 0
        }
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'") ?? 0
        guard tables == 0 else {
            throw StoreError.conflict("\(path) is the database of another program: choose another data directory")
        }
        return 0
    }
}
