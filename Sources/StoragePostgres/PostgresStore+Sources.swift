import Domain
import Storage

extension PostgresStore: SourceStore {
    public func sourceState(_ source: String) async throws -> SourceState {
        try await read("reading the state of source \(source)") { sql in
            try sql.first("SELECT position, health FROM sources WHERE name = $1", [.text(source)]).map { try SourceState(stored: $0, from: 0) }
                ?? SourceState()
        }
    }

    public func recordSourceHealth(_ source: String, _ health: SourceHealth) async throws {
        let known = try await sourceState(source).health
        guard known?.healthy != health.healthy || known?.message != health.message else { return }
        try await write("recording the health of source \(source)") { tx in
            try tx.sql.run(
                "INSERT INTO sources (name, health) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET health = excluded.health",
                [.text(source), .text(try JSONText.encode(health))])
        }
    }

    public func leaseSource(_ source: String, to poller: String, for period: Duration) async throws -> Bool {
        try await write("leasing source \(source)") { tx in
            let until = tx.now.advanced(by: period).microseconds
            return try tx.sql.first(
                """
                INSERT INTO sources (name, poller, polled_until) VALUES ($1, $2, $3)
                ON CONFLICT (name) DO UPDATE SET poller = excluded.poller, polled_until = excluded.polled_until
                WHERE sources.poller = excluded.poller OR coalesce(sources.polled_until, 0) <= $4 RETURNING name
                """,
                [.text(source), .text(poller), .integer(until), .integer(tx.now.microseconds)]) != nil
        }
    }

    public func releaseSources(of poller: String) async throws {
        try await write("releasing sources") { tx in
            try tx.sql.run("UPDATE sources SET poller = NULL, polled_until = NULL WHERE poller = $1", [.text(poller)])
        }
    }
}
