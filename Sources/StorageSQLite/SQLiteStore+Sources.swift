import Domain
import GRDB
import Storage

extension SQLiteStore: SourceStore {
    public func sourceState(_ source: String) async throws -> SourceState {
        try await read("reading the state of source \(source)") { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT position, health FROM sources WHERE name = ?", arguments: [source]) else {
                return SourceState()
            }
            return try SourceState(stored: row, from: 0)
        }
    }

    public func recordSourceHealth(_ source: String, _ health: SourceHealth) async throws {
        let known = try await sourceState(source).health
        guard known?.healthy != health.healthy || known?.message != health.message else { return }
        try await write("recording the health of source \(source)") { transaction in
            try transaction.run(
                "INSERT INTO sources (name, health) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET health = excluded.health",
                [source, try JSONText.encode(health)])
        }
    }

    public func leaseSource(_ source: String, to poller: String, for period: Duration) async throws -> Bool { true }

    public func releaseSources(of poller: String) async throws {}
}
