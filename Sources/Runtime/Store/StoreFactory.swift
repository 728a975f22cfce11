import Storage
import StorageSQLite

/// Opens the store that the settings name. What keeps it from being opened is one line that says what to do.
enum StoreFactory {
    static func open(_ settings: Settings) async throws -> OpenedStore {
        switch settings.database {
        case .sqlite(let directory): try await openSQLite(directory, settings)
        case .postgres(let url): try await openPostgres(url, settings)
        }
    }

    private static func openSQLite(_ directory: String, _ settings: Settings) async throws -> OpenedStore {
        let clock = SystemStoreClock()
        let store = try await SQLiteStore.open(directory: directory, clock: clock, lease: settings.lease, countingStatements: true)
        return OpenedStore(
            store: store, clock: clock, isShared: false, place: "data in \(directory)", onReconnect: { _ in },
            addMetrics: { text in
                if let count = store.statementCount { text.add("sql_statements_total", .counter, "SQL statements run.", count) }
            })
    }

    private static func openPostgres(_ url: String, _ settings: Settings) async throws -> OpenedStore {
        throw StoreError.configuration("DOORBELL_DATABASE_URL: this version keeps its data in SQLite")
    }
}
