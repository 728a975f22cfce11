/// `doorbell migrate`: opening the store brings its schema up to date.
public enum Migration {
    /// Returns where the database is, for people.
    public static func run(_ settings: Settings) async throws -> String {
        let opened = try await StoreFactory.open(settings, migrating: true)
        try await opened.store.close()
        return opened.place
    }
}
