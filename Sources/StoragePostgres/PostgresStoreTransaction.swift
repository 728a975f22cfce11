import Domain
import Storage

/// One write transaction of the store. Lives only inside `PostgresStore.write`.
final class PostgresStoreTransaction {
    let sql: PostgresTransaction
    let store: PostgresStore
    var events: [PendingEvent] = []
    var contexts: [BuildsetID: BuildsetContext] = [:]
    private var configuration: AppliedConfiguration?
    private var hasConfiguration = false

    init(_ sql: PostgresTransaction, store: PostgresStore) {
        self.sql = sql
        self.store = store
    }

    /// The database's clock when this transaction began. Asked for after the first statement it costs nothing, before it a round trip.
    var now: Timestamp {
        get throws { try store.manualClock?.now() ?? sql.began }
    }

    var deployment: String { store.deployment }
    var sharedContexts: BuildsetContextCache { store.contexts }
    var recipes: RecipeCache { store.recipes }

    func didCommit() {
        if !contexts.isEmpty { store.contexts.insert(contexts) }
    }

    /// Whoever decides by the configuration in force shares a lock that applying one takes alone (see `apply`): what was decided by the one before is
    /// there, and follows, when a new one comes.
    static let configurationLock = "1685021554, 3"
    static let currentConfiguration: [(String, [PostgresValue])] = [
        ("SELECT pg_advisory_xact_lock_shared(\(configurationLock))", []), ("SELECT max(id) FROM configurations", []),
    ]

    func currentConfiguration() throws -> AppliedConfiguration? {
        if hasConfiguration { return configuration }
        return try currentConfiguration(newest: sql.pipeline(Self.currentConfiguration)[1].first?.optionalInt64(0))
    }

    /// The same, when `Self.currentConfiguration` was asked together with other statements.
    func currentConfiguration(newest: Int64?) throws -> AppliedConfiguration? {
        hasConfiguration = true
        configuration = try newest.flatMap { try store.configuration(ConfigurationID($0), sql) }
        return configuration
    }

    var seenConfiguration: AppliedConfiguration? { store.applied.withLock { $0 } }

    /// What this transaction itself applied.
    func noteConfiguration(_ applied: AppliedConfiguration) {
        configuration = applied
        hasConfiguration = true
        sql.whenCommitted { [store] in store.note(applied) }
    }

    func configuration(numbered id: ConfigurationID) throws -> AppliedConfiguration? { try store.readConfiguration(id, sql) }
}

extension PostgresStore {
    /// A configuration by its number: the newest one that this process has seen is kept.
    func configuration(_ id: ConfigurationID, _ sql: PostgresTransaction) throws -> AppliedConfiguration? {
        if let known = applied.withLock({ $0 }), known.id == id { return known }
        let read = try readConfiguration(id, sql)
        if let read { note(read) }
        return read
    }

    func readConfiguration(_ id: ConfigurationID, _ sql: PostgresTransaction) throws -> AppliedConfiguration? {
        try sql.first("SELECT \(AppliedConfiguration.columns) FROM configurations WHERE id = $1", [.integer(id.rawValue)])
            .map { try AppliedConfiguration(stored: $0) }
    }

    /// Keeps a configuration that is committed, unless a newer one is known.
    func note(_ configuration: AppliedConfiguration) {
        applied.withLock { known in
            if known.map({ $0.id < configuration.id }) ?? true { known = configuration }
        }
    }
}
