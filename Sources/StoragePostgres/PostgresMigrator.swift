import Crypto
import Domain
import Foundation
import Schemas
import Storage

/// Brings a database to the newest schema that this program knows. Several may run at once: one works, the others wait and find nothing to do.
struct PostgresMigrator: Sendable {
    var migrations: [Schemas.Migration]

    /// Two keys of one advisory lock: ours among those of other programs.
    private static let lock = "pg_advisory_xact_lock(1685021554, 1)"
    private static let registry = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            number bigint NOT NULL PRIMARY KEY,
            name text NOT NULL,
            digest text NOT NULL,
            -- The oldest schema that a program may know and still work with this one.
            oldest bigint NOT NULL,
            applied timestamptz NOT NULL DEFAULT now()
        )
        """

    func checkEncoding(_ connection: PostgresConnection, address: String) throws {
        let encoding: String? = try connection.run([.init("SHOW server_encoding")])[0].rows.first?[0]
        guard encoding == "UTF8" else {
            throw StoreError.configuration(
                "the database \(address) has the encoding \(encoding ?? "unknown"), expected UTF8: make one with createdb --encoding=UTF8 --template=template0"
            )
        }
    }

    /// Each migration is one transaction, so a migrator that dies leaves a whole schema behind.
    func migrate(_ connection: PostgresConnection) throws {
        for migration in migrations.sorted(by: { $0.number < $1.number }) {
            try inTransaction(connection) {
                // Held until the transaction ends. No statement waits long for a table that is in use: it gives up and the next try goes on.
                _ = try connection.run([.init("SELECT \(Self.lock)"), .init("SET LOCAL lock_timeout = '5s'"), .init(Self.registry)])
                try refuseForeign(connection)
                let known = try connection.run([
                    .init("SELECT digest FROM schema_migrations WHERE number = $1", [.integer(migration.number)]),
                    .init("SELECT coalesce(max(number), 0) FROM schema_migrations"),
                ])
                let digest = SHA256.hash(data: Data(migration.sql.utf8)).hexadecimal
                if let row = known[0].rows.first {
                    guard row.string(0) == digest else {
                        throw StoreError.configuration(
                            "migration \(migration.number) was applied in another form: the database belongs to another build of this program")
                    }
                    return
                }
                guard known[1].rows.first?.int64(0) ?? 0 < Int64(migration.number) else { return }
                for statement in Self.statements(of: migration.sql) { _ = try connection.run([.init(statement)]) }
                _ = try connection.run([
                    .init(
                        "INSERT INTO schema_migrations (number, name, digest, oldest) VALUES ($1, $2, $3, $4)",
                        [.integer(migration.number), .text(migration.name), .text(digest), .integer(migration.oldest)])
                ])
            }
        }
    }

    /// Refuses a database that needs a newer program, or one that was not brought up to date.
    func check(_ connection: PostgresConnection) throws {
        let there = try connection.run([.init("SELECT to_regclass('schema_migrations') IS NOT NULL")])[0].rows.first?.bool(0) ?? false
        let known = migrations.map(\.number).max() ?? 0
        guard there else { throw StoreError.configuration("the database has no schema yet: run doorbell migrate on it") }
        let row = try connection.run([.init("SELECT coalesce(max(number), 0), coalesce(max(oldest), 0) FROM schema_migrations")])[0].rows.first
        let (found, oldest) = (row?.int(0) ?? 0, row?.int(1) ?? 0)
        guard oldest <= known else { throw StoreError.newerSchema(found: found, known: known) }
        guard found >= known else {
            throw StoreError.configuration("the database has schema \(found), this program needs \(known): run doorbell migrate first")
        }
    }

    private func refuseForeign(_ connection: PostgresConnection) throws {
        let row = try connection.run([
            .init(
                """
                SELECT (SELECT count(*) FROM schema_migrations), (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()
                    AND tablename <> 'schema_migrations')
                """)
        ])[0].rows.first
        guard row?.int64(0) == 0, let others = row?.int64(1), others > 0 else { return }
        throw StoreError.configuration("the database holds tables of another program: name another database in DOORBELL_DATABASE_URL")
    }

    private func inTransaction(_ connection: PostgresConnection, _ body: () throws -> Void) throws {
        _ = try connection.run([.init("BEGIN")])
        do {
            try body()
            _ = try connection.run([.init("COMMIT")])
        } catch {
            if !connection.isBroken { _ = try? connection.run([.init("ROLLBACK")]) }
            throw error
        }
    }

    /// The statements of a file, split at the semicolons that end lines outside `$$`.
    static func statements(of sql: String) -> [String] {
        var statements: [String] = []
        var current: [Substring] = []
        var isQuoted = false
        for line in sql.split(separator: "\n", omittingEmptySubsequences: true) where !line.drop(while: { $0 == " " }).hasPrefix("--") {
            current.append(line)
            if line.components(separatedBy: "$$").count.isMultiple(of: 2) { isQuoted.toggle() }
            if !isQuoted, line.hasSuffix(";") {
                statements.append(current.joined(separator: "\n"))
                current = []
            }
        }
        if !current.isEmpty { statements.append(current.joined(separator: "\n")) }
        return statements
    }
}
