import Domain
import Foundation
import GRDB
import Schemas
import Storage

extension SQLiteStore {
    /// Opens, or makes, the store in a data directory, and brings its schema up to date.
    ///
    /// Throws `StoreError.inUse` when another process has the directory, `newerSchema` when a newer version made it, `unavailable` when it cannot be
    /// written. `countingStatements` is for benchmarks.
    public static func open(
        directory: String, clock: any StoreClock = SystemStoreClock(), lease: LeaseRule = LeaseRule(), countingStatements: Bool = false
    ) async throws -> SQLiteStore {
        try await Task.detached {
            try openBlocking(directory: directory, clock: clock, lease: lease, countingStatements: countingStatements)
        }.value
    }

    private static func openBlocking(
        directory: String, clock: any StoreClock, lease: LeaseRule, countingStatements: Bool
    ) throws -> SQLiteStore {
        do {
            try FileManager.default.createDirectory(
                atPath: directory + "/logs", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError.unavailable("the data directory \(directory) cannot be made: \(error.localizedDescription)")
        }
        let lock = try DirectoryLock(directory: directory)
        // A data directory often stands in the repository that is watched, and does not belong into it. Convenient only: a failure harms nothing.
        try? Data("*\n".utf8).write(to: URL(fileURLWithPath: directory + "/.gitignore"), options: .withoutOverwriting)
        let path = directory + "/doorbell.sqlite"
        let counter = countingStatements ? StatementCounter() : nil
        do {
            let pool = try DatabasePool(path: path, configuration: connections(counter))
            // GRDB sets NORMAL when it turns WAL on: a commit would not survive a loss of power.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try SchemaMigrator(migrations: Schemas.sqlite).migrate(pool, path: path, now: clock.now())
            let (identity, applied) = try pool.write { db in
                (try DeploymentIdentity.load(db, now: clock.now()), try AppliedConfiguration.newest(db))
            }
            return SQLiteStore(
                directory: directory, clock: clock, lease: lease, pool: pool, lock: lock, statements: counter, identity: identity,
                applied: applied, logs: try LogDirectory(path: directory + "/logs"))
        } catch {
            throw StoreError.wrapping(error, doing: "opening \(path)")
        }
    }

    private static func connections(_ counter: StatementCounter?) -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.label = "doorbell.sqlite"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeout)
        configuration.maximumReaderCount = readers
        configuration.persistentReadOnlyConnections = true
        // trusted_schema stays on: SQLite 3.40 refuses json_valid() in the schema's CHECKs without it.
        configuration.prepareDatabase { db in
            try db.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA cache_size = -16384;
                    """)
            if let counter {
                db.trace(options: .statement) { _ in counter.increment() }
            }
        }
        return configuration
    }
}
