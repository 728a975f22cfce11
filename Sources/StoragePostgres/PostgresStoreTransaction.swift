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

    /// The database's clock when this transaction began.
    let now: Timestamp

    init(_ sql: PostgresTransaction, store: PostgresStore) throws {
        self.sql = sql
        self.store = store
        now = try store.manualClock?.now() ?? sql.began
    }

    var deployment: String { store.deployment }
    var sharedContexts: BuildsetContextCache { store.contexts }
    var recipes: RecipeCache { store.recipes }

    func didCommit() {
        if !contexts.isEmpty { store.contexts.insert(contexts) }
    }

    func currentConfiguration() throws -> AppliedConfiguration? {
        if hasConfiguration { return configuration }
        hasConfiguration = true
        let newest = try sql.first("SELECT max(id) FROM configurations")?.optionalInt64(0)
        let known = store.applied.withLock { $0 }
        if let newest, known?.id.rawValue != newest {
            configuration = try self.configuration(numbered: ConfigurationID(newest))
            store.applied.withLock { [configuration] in $0 = configuration }
        } else {
            configuration = newest == nil ? nil : known
        }
        return configuration
    }

    /// What this transaction itself applied.
    func noteConfiguration(_ applied: AppliedConfiguration) {
        configuration = applied
        hasConfiguration = true
        sql.whenCommitted { [store] in store.applied.withLock { $0 = applied } }
    }

    func configuration(numbered id: ConfigurationID) throws -> AppliedConfiguration? {
        try sql.first("SELECT \(AppliedConfiguration.columns) FROM configurations WHERE id = $1", [.integer(id.rawValue)])
            .map { try AppliedConfiguration(stored: $0) }
    }
}
