import Storage
import StoragePostgres
import StorageSQLite

/// Opens the store that the settings name. What keeps it from being opened is one line that says what to do.
enum StoreFactory {
    /// - Parameter migrating: bring a shared database's schema up to date first; an embedded one always is.
    static func open(_ settings: Settings, migrating: Bool) async throws -> OpenedStore {
        switch settings.database {
        case .sqlite(let directory): try await openSQLite(directory, settings)
        case .postgres(let url): try await openPostgres(url, settings, migrating: migrating)
        }
    }

    private static func openSQLite(_ directory: String, _ settings: Settings) async throws -> OpenedStore {
        let clock = SystemStoreClock()
        let store = try await SQLiteStore.open(directory: directory, clock: clock, lease: settings.lease, countingStatements: true)
        return OpenedStore(
            store: store, relay: nil, clock: clock, isShared: false, place: "data in \(directory)", onReconnect: { _ in },
            addMetrics: { text in
                if let count = store.statementCount { text.add("sql_statements_total", .counter, "SQL statements run.", count) }
            })
    }

    private static func openPostgres(_ url: String, _ settings: Settings, migrating: Bool) async throws -> OpenedStore {
        let address = try PostgresAddress(url)
        let store = try await PostgresStore.open(address, migrating: migrating, lease: settings.lease)
        return OpenedStore(
            store: store, relay: store, clock: SystemStoreClock(), isShared: true, place: "database \(address)",
            onReconnect: { store.onReconnect($0) },
            addMetrics: { PostgresMetrics(statistics: store.statistics).add(to: &$0) })
    }
}
