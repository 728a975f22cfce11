import Domain
import GRDB
import Storage

extension SQLiteStore: ConfigurationStore {
    public func currentConfiguration() async throws -> AppliedConfiguration? {
        applied.withLock { $0 }
    }

    public func apply(_ new: NewRevision) async throws -> (applied: AppliedConfiguration, changed: Bool) {
        try await write("applying a configuration") { try $0.apply(new) }
    }

    public func revisions(_ query: PageQuery<RevisionFields>) async throws -> [RevisionRow] {
        try await read("listing configurations") { db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            page.add("applied >= ?", query.times.since?.microseconds)
            page.add("applied < ?", query.times.until?.microseconds)
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            let selection = "SELECT \(RevisionRow.columns) FROM configurations"
            return try page.rows(db, selection, orderedBy: ["id"]).map { RevisionRow(stored: $0) }
        }
    }

    public func revision(_ id: ConfigurationID) async throws -> KeptRevision? {
        try await read("reading a configuration") { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT \(KeptRevision.columns) FROM configurations WHERE id = ?"),
                arguments: [id.rawValue]
            ).map { try KeptRevision(stored: $0) }
        }
    }
}

extension SQLiteTransaction: ConfigurationTransaction {
    func currentConfiguration() -> AppliedConfiguration? { store.applied.withLock { $0 } }

    var seenConfiguration: AppliedConfiguration? { currentConfiguration() }

    func configuration(numbered id: ConfigurationID) throws -> AppliedConfiguration? { try AppliedConfiguration.numbered(id, db) }

    func insert(_ new: NewRevision) throws -> AppliedConfiguration {
        try run(
            "INSERT INTO configurations (digest, document, applied, applied_by, restores, version) VALUES (?, ?, ?, ?, ?, 1)",
            [new.digest, try JSONText.encode(new.configuration), now.microseconds, new.by, new.restores?.rawValue])
        let applied = AppliedConfiguration(
            id: ConfigurationID(db.lastInsertedRowID), digest: new.digest, applied: now, configuration: new.configuration)
        whenCommitted { [store] in store.applied.withLock { $0 = applied } }
        return applied
    }

    func forgetSchedules(except schedulers: [String]) throws {
        try run("DELETE FROM schedules WHERE scheduler NOT IN (SELECT value FROM json_each(?))", [JSONText.encode(schedulers)])
    }

    func repoint(_ builder: String, to classes: DemandClasses, ofCodebases: Bool) throws {
        // Index: requests_open; the plus keeps the builder's whole history out of it.
        try run(
            """
            UPDATE requests SET match_class = w.class FROM (
                SELECT r.id, CASE json_extract(b.properties, '$.\(PullProperty.untrusted).value')
                    WHEN 1 THEN iif(s.patch IS NULL, ?3, ?5) ELSE iif(s.patch IS NULL, ?1, ?4) END AS class
                FROM requests r JOIN buildsets b ON b.id = r.buildset JOIN source_stamps s ON s.id = b.stamp
                WHERE +r.builder = ?2 AND r.phase <> 'finished' AND (b.line IS NOT NULL) = ?6) w
            WHERE requests.id = w.id AND requests.match_class <> w.class
            """, [classes.plain, builder, classes.untrusted, classes.patched, classes.both, ofCodebases])
    }
}
