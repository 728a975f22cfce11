import Domain
import GRDB
import Storage

extension SQLiteStore: ConfigurationStore {
    public func currentConfiguration() async throws -> AppliedConfiguration? {
        applied.withLock { $0 }
    }

    public func apply(_ configuration: Domain.Configuration, digest: String) async throws -> (applied: AppliedConfiguration, changed: Bool) {
        try await write("applying a configuration") { try $0.apply(configuration, digest: digest) }
    }
}

extension SQLiteTransaction: ConfigurationTransaction {
    func currentConfiguration() -> AppliedConfiguration? { store.applied.withLock { $0 } }

    func configuration(numbered id: ConfigurationID) throws -> AppliedConfiguration? { try AppliedConfiguration.numbered(id, db) }

    func insert(_ configuration: Domain.Configuration, digest: String) throws -> AppliedConfiguration {
        try run(
            "INSERT INTO configurations (digest, document, applied, version) VALUES (?, ?, ?, 1)",
            [digest, try JSONText.encode(configuration), now.microseconds])
        let new = AppliedConfiguration(
            id: ConfigurationID(db.lastInsertedRowID), digest: digest, applied: now, configuration: configuration)
        whenCommitted { [store] in store.applied.withLock { $0 = new } }
        return new
    }

    func forgetSchedules(except schedulers: [String]) throws {
        try run("DELETE FROM schedules WHERE scheduler NOT IN (SELECT value FROM json_each(?))", [JSONText.encode(schedulers)])
    }

    func repoint(_ builder: String, to matchClass: Int64) throws {
        // Index: requests_open; the plus keeps the builder's whole history out of it.
        try run(
            "UPDATE requests SET match_class = ?1 WHERE +builder = ?2 AND phase <> 'finished' AND match_class <> ?1", [matchClass, builder])
    }
}
