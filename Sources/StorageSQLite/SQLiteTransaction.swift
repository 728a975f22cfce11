import Domain
import GRDB
import Storage

/// One write transaction: the database, the moment it happens at, and the events that it leaves. Lives only inside `SQLiteStore.write`.
final class SQLiteTransaction {
    let db: Database
    let store: SQLiteStore
    let now: Timestamp
    /// What `emit` left; see `insertEvents`.
    var events: [PendingEvent] = []
    /// What it learned about buildsets; see `context(of:)`.
    var contexts: [BuildsetID: BuildsetContext] = [:]
    private var afterCommit: [() -> Void] = []

    init(db: Database, store: SQLiteStore) {
        self.db = db
        self.store = store
        self.now = store.clock.now()
    }

    var deployment: String { store.deployment }
    var sharedContexts: BuildsetContextCache { store.contexts }
    var recipes: RecipeCache { store.recipes }

    /// Runs a statement from the cache; returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
        return db.changesCount
    }

    /// The first row of a query or of a `RETURNING` statement.
    func first(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func all(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// The first column of the first row.
    func value<T: DatabaseValueConvertible>(_ type: T.Type = T.self, _ sql: String, _ arguments: StatementArguments = []) throws -> T? {
        try T.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// Runs once the transaction is durable, on the writer's queue: keep it short.
    func whenCommitted(_ action: @escaping () -> Void) {
        afterCommit.append(action)
    }

    func didCommit() {
        if !contexts.isEmpty { store.contexts.insert(contexts) }
        for action in afterCommit { action() }
    }
}
