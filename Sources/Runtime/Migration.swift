import StorageSQLite

/// `doorbell migrate`: opening the store brings its schema up to date.
public enum Migration {
    public static func run(_ settings: Settings) async throws {
        try await SQLiteStore.open(directory: settings.dataDirectory, lease: settings.lease).close()
    }
}
