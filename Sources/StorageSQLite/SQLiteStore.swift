import Domain
import Foundation
import GRDB
import Storage
import Synchronization

/// The store of one machine: a SQLite database in WAL mode and a directory of logs, both below one data directory that it holds alone.
///
/// One connection writes, in transactions that begin as writers and end with an fsync (`synchronous=FULL`); a few others read. GRDB runs each on a
/// serial queue of its own, so that no transaction blocks the cooperative pool.
public final class SQLiteStore: Sendable {
    public let deployment: String
    public let epoch: Int64
    /// The data directory.
    public let directory: String
    let clock: any StoreClock
    let lease: LeaseRule
    let pool: DatabasePool
    let lock: DirectoryLock
    let statements: StatementCounter?
    let wakes = Mutex<[@Sendable () -> Void]>([])
    /// The configuration in force. This process is the only writer, so a copy is as good as the row.
    let applied: Mutex<AppliedConfiguration?>

    /// The one process that has this store: what it last said of itself.
    let present = Mutex<ServiceRow?>(nil)
    let contexts = BuildsetContextCache()
    private let closed = Atomic<Bool>(false)
    let logs: LogDirectory
    let grants = LogGrants()
    let matchClasses = MatchClassCache()
    let recipes = RecipeCache()

    /// How many connections read at once.
    static let readers = 4
    /// How long a statement waits for another process (a backup, a shell) to let go of the database.
    static let busyTimeout = 5.0

    init(
        directory: String, clock: any StoreClock, lease: LeaseRule, pool: DatabasePool, lock: DirectoryLock, statements: StatementCounter?,
        identity: DeploymentIdentity, applied: AppliedConfiguration?, logs: LogDirectory
    ) {
        self.directory = directory
        self.clock = clock
        self.lease = lease
        self.pool = pool
        self.lock = lock
        self.statements = statements
        self.deployment = identity.id
        self.epoch = identity.epoch
        self.applied = Mutex(applied)
        self.logs = logs
    }

    /// The store's clock.
    public func now() async throws -> Timestamp { clock.now() }

    /// Ends the use of the database and frees the data directory for another process.
    public func close() async throws {
        guard !closed.exchange(true, ordering: .sequentiallyConsistent) else { return }
        do {
            try pool.close()
        } catch {
            throw StoreError(error, doing: "closing the database")
        }
        lock.release()
    }

    /// SQL statements run so far; nil unless the store was opened to count them.
    public var statementCount: Int? { statements?.count }

    /// Runs one transaction; when this returns it is durable, and whoever waits for events has been woken. It is not cancelled with its task: a
    /// caller that gives up must not leave open whether the state changed.
    @discardableResult
    func write<T: Sendable>(_ doing: String, _ body: @escaping @Sendable (SQLiteTransaction) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            pool.asyncWriteWithoutTransaction { db in
                continuation.resume(with: Result { try self.commit(db, doing, body) })
            }
        }
    }

    /// Runs reads that see one moment of the database.
    func read<T: Sendable>(_ doing: String, _ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try refuseWhenClosed(doing)
        do {
            return try await pool.read(body)
        } catch {
            throw StoreError.wrapping(error, doing: doing)
        }
    }

    /// Runs one statement that reads. It sees one moment of the database by itself: no transaction is begun and ended around it.
    func readOnce<T: Sendable>(_ doing: String, _ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try refuseWhenClosed(doing)
        do {
            return try await pool.unsafeRead(body)
        } catch {
            throw StoreError.wrapping(error, doing: doing)
        }
    }

    private func commit<T>(_ db: Database, _ doing: String, _ body: (SQLiteTransaction) throws -> T) throws -> T {
        try refuseWhenClosed(doing)
        let transaction = SQLiteTransaction(db: db, store: self)
        var result: T?
        do {
            try db.inTransaction(.immediate) {
                result = try body(transaction)
                try transaction.insertEvents()
                return .commit
            }
        } catch {
            throw StoreError.wrapping(error, doing: doing)
        }
        guard let result else { throw StoreError.internalError("\(doing): the transaction gave no result") }
        transaction.didCommit()
        if !transaction.events.isEmpty {
            for wake in wakes.withLock({ $0 }) { wake() }
        }
        return result
    }

    private func refuseWhenClosed(_ doing: String) throws {
        guard !closed.load(ordering: .sequentiallyConsistent) else { throw StoreError.unavailable("\(doing): the store is closed") }
    }
}
