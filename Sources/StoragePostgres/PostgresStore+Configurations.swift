import Domain
import Storage

extension PostgresStore: ConfigurationStore {
    public func currentConfiguration() async throws -> AppliedConfiguration? {
        try await write("reading the configuration") { try $0.currentConfiguration() }
    }

    public func apply(_ new: NewRevision) async throws -> (applied: AppliedConfiguration, changed: Bool) {
        try await write("applying a configuration") { tx in
            // Alone: it sees what the one before it applied, and the requests of everybody who decided by that.
            try tx.sql.run("SELECT pg_advisory_xact_lock(\(PostgresStoreTransaction.configurationLock))")
            return try tx.apply(new)
        }
    }

    public func revisions(_ query: PageQuery<RevisionFields>) async throws -> [RevisionRow] {
        try await read("listing configurations") { sql in
            var page = PostgresPage(ascending: query.ascending, limit: query.limit)
            page.add("applied >= ?", .integer(query.times.since?.microseconds))
            page.add("applied < ?", .integer(query.times.until?.microseconds))
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            let selection = "SELECT \(RevisionRow.columns) FROM configurations"
            return try page.rows(sql, selection, orderedBy: ["id"]).map { RevisionRow(stored: $0) }
        }
    }

    public func revision(_ id: ConfigurationID) async throws -> KeptRevision? {
        try await read("reading a configuration") { sql in
            try sql.first(
                "SELECT \(KeptRevision.columns) FROM configurations WHERE id = $1", [.integer(id.rawValue)]
            ).map { try KeptRevision(stored: $0) }
        }
    }
}

extension PostgresStoreTransaction: ConfigurationTransaction {
    func insert(_ new: NewRevision) throws -> AppliedConfiguration {
        let row = try sql.first(
            "INSERT INTO configurations (digest, document, applied, applied_by, restores, version) VALUES ($1, $2, $3, $4, $5, 1) RETURNING id",
            [
                .text(new.digest), .text(try JSONText.encode(new.configuration)), .integer(now.microseconds), .text(new.by),
                .integer(new.restores?.rawValue),
            ])
        guard let row else { throw StoreError.internalError("a configuration was not written") }
        let applied = AppliedConfiguration(
            id: ConfigurationID(row.int64(0)), digest: new.digest, applied: try now, configuration: new.configuration)
        noteConfiguration(applied)
        return applied
    }

    func forgetSchedules(except schedulers: [String]) throws {
        sql.later("DELETE FROM schedules WHERE scheduler <> ALL ($1::text[])", [.texts(schedulers)])
    }

    func repoint(_ builder: String, to classes: DemandClasses, ofCodebases: Bool) throws {
        // Index: requests_open. Locked in order, so that it cannot meet a completion half-way.
        sql.later(
            """
            UPDATE requests SET match_class = w.class FROM (
                SELECT r.id, CASE
                    WHEN b.properties->'\(PullProperty.untrusted)'->>'value' = 'true'
                        THEN CASE WHEN s.patch IS NULL THEN $3::bigint ELSE $5::bigint END
                    ELSE CASE WHEN s.patch IS NULL THEN $1::bigint ELSE $4::bigint END END AS class
                FROM requests r JOIN buildsets b ON b.id = r.buildset JOIN source_stamps s ON s.id = b.stamp
                WHERE r.builder = $2 AND r.phase <> 'finished' AND (b.line IS NOT NULL) = $6 ORDER BY r.id FOR NO KEY UPDATE OF r) w
            WHERE requests.id = w.id AND requests.match_class <> w.class
            """,
            [
                .integer(classes.plain), .text(builder), .integer(classes.untrusted), .integer(classes.patched), .integer(classes.both),
                .boolean(ofCodebases),
            ])
    }
}
