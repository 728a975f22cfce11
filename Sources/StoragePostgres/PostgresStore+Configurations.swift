import Domain
import Storage

extension PostgresStore: ConfigurationStore {
    public func currentConfiguration() async throws -> AppliedConfiguration? {
        try await write("reading the configuration") { try $0.currentConfiguration() }
    }

    public func apply(_ configuration: Configuration, digest: String) async throws -> (applied: AppliedConfiguration, changed: Bool) {
        try await write("applying a configuration") { tx in
            // Alone: it sees what the one before it applied, and the requests of everybody who decided by that.
            try tx.sql.run("SELECT pg_advisory_xact_lock(\(PostgresStoreTransaction.configurationLock))")
            return try tx.apply(configuration, digest: digest)
        }
    }
}

extension PostgresStoreTransaction: ConfigurationTransaction {
    func insert(_ configuration: Configuration, digest: String) throws -> AppliedConfiguration {
        let row = try sql.first(
            "INSERT INTO configurations (digest, document, applied, version) VALUES ($1, $2, $3, 1) RETURNING id",
            [.text(digest), .text(try JSONText.encode(configuration)), .integer(now.microseconds)])
        guard let row else { throw StoreError.internalError("a configuration was not written") }
        let new = AppliedConfiguration(id: ConfigurationID(row.int64(0)), digest: digest, applied: try now, configuration: configuration)
        noteConfiguration(new)
        return new
    }

    func forgetSchedules(except schedulers: [String]) throws {
        sql.later("DELETE FROM schedules WHERE scheduler <> ALL ($1::text[])", [.texts(schedulers)])
    }

    func repoint(_ builder: String, to matchClass: Int64) throws {
        // Index: requests_open. Locked in order, so that it cannot meet a completion half-way.
        sql.later(
            """
            UPDATE requests SET match_class = $1 WHERE id IN (
                SELECT id FROM requests WHERE builder = $2 AND phase <> 'finished' AND match_class <> $1 ORDER BY id FOR NO KEY UPDATE)
            """,
            [.integer(matchClass), .text(builder)])
    }
}
