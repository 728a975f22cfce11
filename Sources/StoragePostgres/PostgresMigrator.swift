import Crypto
import Domain
import Foundation
import Schemas
import Signals
import Storage

/// Brings a database to the newest schema that this program knows. Several may run at once: one works, the others wait and find nothing to do.
///
/// Runs beside services that use the database: a statement that cannot get its lock at once gives up, so that nobody queues behind it, and is tried again.
struct PostgresMigrator: Sendable {
    var migrations: [Schemas.Migration]
    /// How long a statement may wait for a lock, and how often its migration is tried.
    var lockTimeout: Duration = .seconds(2)
    var mostTries = 120

    /// Two keys of one advisory lock: ours among those of other programs.
    private static let lock = "1685021554, 1"
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
    /// What one migration comes to.
    private enum Step {
        case done
        /// Somebody else holds a lock.
        case later
    }

    func checkEncoding(_ connection: PostgresConnection, address: String) throws {
        let encoding: String? = try connection.run([.init("SHOW server_encoding")])[0].rows.first?[0]
        guard encoding == "UTF8" else {
            throw StoreError.configuration(
                "the database \(address) has the encoding \(encoding ?? "unknown"), expected UTF8: make one with createdb --encoding=UTF8 --template=template0"
            )
        }
    }

    /// Each migration is one transaction, so a migrator that dies leaves a whole schema behind. One that builds an index CONCURRENTLY is a file with one
    /// statement, which can be repeated. Blocks the connection's thread.
    func migrate(_ connection: PostgresConnection) throws {
        let isNew = try !isTrue("SELECT to_regclass('schema_migrations') IS NOT NULL", connection)
        let backoff = Backoff(first: .milliseconds(100), longest: .seconds(2))
        for migration in migrations.sorted(by: { $0.number < $1.number }) {
            var tries = 0
            while case .later = try apply(migration, connection, isNew: isNew) {
                tries += 1
                guard tries < mostTries else {
                    throw StoreError.unavailable(
                        "migration \(migration.number): other sessions hold locks on what it changes: end long transactions, then run doorbell migrate again"
                    )
                }
                Thread.sleep(forTimeInterval: backoff.delay(failures: tries, random: .random(in: 0..<1)).inSeconds)
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

    private func apply(_ migration: Schemas.Migration, _ connection: PostgresConnection, isNew: Bool) throws -> Step {
        do {
            var statements = Self.statements(of: migration.sql)
            // Nobody uses a database that was empty when this began.
            if isNew { statements = statements.map { $0.replacing(" CONCURRENTLY ", with: " ") } }
            if statements.contains(where: { $0.contains(" CONCURRENTLY ") }) {
                return try build(migration, statements, connection)
            }
            return try inTransaction(connection) {
                // Asked for, not waited for: a session that waits holds a snapshot, and an index that is being built waits for that.
                guard try isTrue("SELECT pg_try_advisory_xact_lock(\(Self.lock))", connection) else { return .later }
                if try !isApplied(migration, connection) {
                    for statement in statements { _ = try connection.run([.init(statement)]) }
                    try record(migration, connection)
                }
                return .done
            }
        } catch let error as PostgresError where ["55P03", "40P01"].contains(error.sqlState) {
            return .later
        }
    }

    /// Builds indexes beside running services, which no transaction can do.
    private func build(_ migration: Schemas.Migration, _ statements: [String], _ connection: PostgresConnection) throws -> Step {
        guard connection.usesSession, statements.count == 1 else {
            throw StoreError.configuration(
                "migration \(migration.number) builds an index beside running services: run doorbell migrate with the URL of the database itself, not of a pooler"
            )
        }
        guard try isTrue("SELECT pg_try_advisory_lock(\(Self.lock))", connection) else { return .later }
        defer { _ = try? connection.run([.init("RESET statement_timeout"), .init("SELECT pg_advisory_unlock(\(Self.lock))")]) }
        if try isApplied(migration, connection) { return .done }
        // What an interrupted attempt left behind is not used, and keeps its name occupied.
        let unfinished = try connection.run([
            .init(
                """
                SELECT format('DROP INDEX %I', c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace
                """)
        ])[0].rows
        for row in unfinished { _ = try connection.run([.init(row.string(0))]) }
        _ = try connection.run([.init("SET statement_timeout = 0")])
        for statement in statements { _ = try connection.run([.init(statement)]) }
        try record(migration, connection)
        return .done
    }

    private func isApplied(_ migration: Schemas.Migration, _ connection: PostgresConnection) throws -> Bool {
        _ = try connection.run([.init(Self.registry)])
        try refuseForeign(connection)
        let known = try connection.run([
            .init("SELECT digest FROM schema_migrations WHERE number = $1", [.integer(migration.number)]),
            .init("SELECT coalesce(max(number), 0) FROM schema_migrations"),
        ])
        if let row = known[0].rows.first {
            guard row.string(0) == digest(migration) else {
                throw StoreError.configuration(
                    "migration \(migration.number) was applied in another form: the database belongs to another build of this program")
            }
            return true
        }
        return known[1].rows.first?.int64(0) ?? 0 >= Int64(migration.number)
    }

    private func record(_ migration: Schemas.Migration, _ connection: PostgresConnection) throws {
        _ = try connection.run([
            .init(
                "INSERT INTO schema_migrations (number, name, digest, oldest) VALUES ($1, $2, $3, $4)",
                [.integer(migration.number), .text(migration.name), .text(digest(migration)), .integer(migration.oldest)])
        ])
    }

    private func digest(_ migration: Schemas.Migration) -> String { SHA256.hash(data: Data(migration.sql.utf8)).hexadecimal }

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

    private func isTrue(_ question: String, _ connection: PostgresConnection) throws -> Bool {
        try connection.run([.init(question)])[0].rows.first?.bool(0) ?? false
    }

    private func inTransaction(_ connection: PostgresConnection, _ body: () throws -> Step) throws -> Step {
        do {
            _ = try connection.run([
                .init("BEGIN"), .init("SET LOCAL statement_timeout = 0"), .init("SET LOCAL lock_timeout = \(lockTimeout.microseconds / 1000)"),
            ])
            let step = try body()
            _ = try connection.run([.init("COMMIT")])
            return step
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
