import Domain
import Storage

extension PostgresStore: SourceStore {
    public func sourceState(_ source: String) async throws -> SourceState {
        try await pool.single(
            "reading the state of source \(source)", "SELECT position, health FROM sources WHERE name = $1", [.text(source)]
        ) { try $0.first.map { try SourceState(stored: $0, from: 0) } ?? SourceState() }
    }

    public func recordSourceHealth(_ source: String, _ health: SourceHealth) async throws {
        let known = try await sourceState(source).health
        guard known?.healthy != health.healthy || known?.message != health.message else { return }
        try await pool.single(
            "recording the health of source \(source)",
            "INSERT INTO sources (name, health) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET health = excluded.health",
            [.text(source), .text(try JSONText.encode(health))])
    }

    public func leaseSource(_ source: String, to poller: String, for period: Duration) async throws -> Bool {
        try await pool.single(
            "leasing source \(source)",
            """
            WITH moment AS MATERIALIZED (SELECT coalesce($4, \(Self.clock)) AS now)
            INSERT INTO sources (name, poller, polled_until) SELECT $1, $2, now + $3 FROM moment
            ON CONFLICT (name) DO UPDATE SET poller = excluded.poller, polled_until = excluded.polled_until
            WHERE sources.poller = excluded.poller OR coalesce(sources.polled_until, 0) <= excluded.polled_until - $3 RETURNING name
            """,
            [.text(source), .text(poller), .integer(period.microseconds), clockArgument]
        ) { !$0.isEmpty }
    }

    public func releaseSources(of poller: String) async throws {
        try await pool.single(
            "releasing sources", "UPDATE sources SET poller = NULL, polled_until = NULL WHERE poller = $1", [.text(poller)])
    }
}
