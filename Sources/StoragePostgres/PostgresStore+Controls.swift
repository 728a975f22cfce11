import Domain
import Storage

extension PostgresStore: ControlStore {
    public func force(_ force: ForceRequest, idempotency: IdempotencyKey?, audit: AuditNote?) async throws -> ForceReceipt {
        try await write("forcing builder \(force.builder)") { try $0.force(force, idempotency: idempotency, audit: audit) }
    }

    public func rebuild(_ build: BuildID, reason: String, idempotency: IdempotencyKey?, audit: AuditNote?) async throws -> ForceReceipt {
        try await write("building build \(build) again") { try $0.rebuild(build, reason: reason, idempotency: idempotency, audit: audit) }
    }

    public func receipt(of key: IdempotencyKey) async throws -> ForceReceipt? {
        try await write("looking for what a key made") { try $0.receipt(of: key) }
    }

    public func cancelRequest(_ request: RequestID, reason: String, audit: AuditNote?) async throws -> CancelReceipt {
        try await write("cancelling request \(request)") { try $0.cancel(request, reason: reason, audit: audit) }
    }

    public func cancelBuild(_ build: BuildID, reason: String, audit: AuditNote?) async throws -> CancelReceipt {
        try await write("cancelling build \(build)") { try $0.cancel(build, reason: reason, audit: audit) }
    }

    public func setPriority(_ request: RequestID, priority: Int, audit: AuditNote?) async throws {
        try await write("setting the priority of request \(request)") { try $0.prioritize(request, priority, audit: audit) }
    }

    public func setWorkerPaused(_ worker: String, paused: Bool, audit: AuditNote?) async throws {
        try await write("\(paused ? "pausing" : "resuming") worker \(worker)") { try $0.pause(worker, paused, audit: audit) }
    }
}

extension PostgresStoreTransaction: ControlTransaction {
    func idempotentAnswer(_ key: IdempotencyKey, keptSince: Timestamp) throws -> (bodyHash: String, answer: String)? {
        // Two calls with one key at once: the second waits for the first's answer.
        let name = "\(key.principal)\n\(key.route)\n\(key.key)"
        return try sql.pipeline([
            ("SELECT pg_advisory_xact_lock(1685021554, hashtext($1))", [.text("key " + name)]),
            (
                "SELECT body_hash, answer FROM idempotency WHERE principal = $1 AND route = $2 AND key = $3 AND created >= $4",
                [.text(key.principal), .text(key.route), .text(key.key), .integer(keptSince.microseconds)]
            ),
        ])[1].first.map { (bodyHash: $0.string(0), answer: $0.string(1)) }
    }

    func remember(_ key: IdempotencyKey, answer: String) throws {
        try sql.later(
            """
            INSERT INTO idempotency (principal, route, key, body_hash, answer, created) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (principal, route, key) DO UPDATE SET body_hash = excluded.body_hash, answer = excluded.answer, created = excluded.created
            """,
            [
                .text(key.principal), .text(key.route), .text(key.key), .text(key.bodyHash), .text(answer), .integer(now.microseconds),
            ])
    }

    func witness(repository: String, branch: String, revision: String?) throws -> HandWitness {
        // Indexes: changes_branch, changes_revision, changes_untrusted.
        let row = try sql.first(
            """
            WITH branch AS (
                SELECT id, properties->>'\(PullProperty.untrusted)' IS NOT DISTINCT FROM 'true' AS untrusted FROM changes
                WHERE branch = $1 AND repository = $2 ORDER BY id DESC LIMIT 1
            ), revision AS (
                SELECT id, properties->>'\(PullProperty.untrusted)' IS NOT DISTINCT FROM 'true' AS untrusted, revision = $3 AS exact FROM changes
                WHERE revision >= $3 AND revision < $3 || 'g' AND (revision = $3 OR length($3) >= 7 AND starts_with(revision, $3))
            )
            SELECT (SELECT id FROM branch WHERE untrusted), EXISTS (SELECT FROM branch), (SELECT max(id) FROM revision WHERE untrusted),
                EXISTS (SELECT FROM revision WHERE NOT untrusted AND (exact OR NOT EXISTS (SELECT FROM revision WHERE untrusted))),
                EXISTS (SELECT FROM changes WHERE properties->>'\(PullProperty.untrusted)' = 'true')
            """,
            [.text(branch), .text(repository), .text(revision)])
        return HandWitness(
            untrustedBranch: row?.optionalInt64(0).map { ChangeID($0) }, knowsBranch: row?.bool(1) ?? false,
            untrustedRevision: row?.optionalInt64(2).map { ChangeID($0) }, knowsRevision: row?.bool(3) ?? false, knowsForks: row?.bool(4) ?? true)
    }

    func rebuildRecord(_ build: BuildID) throws -> RebuildRecord? {
        try sql.first(
            """
            SELECT b.buildset, b.builder, s.author, s.comments, r.priority
            FROM builds b JOIN buildsets s ON s.id = b.buildset JOIN requests r ON r.id = b.request WHERE b.id = $1
            """,
            [.integer(build.rawValue)]
        ).map {
            RebuildRecord(
                buildset: BuildsetID($0.int64(0)), builder: $0.string(1), author: $0.string(2), comments: $0.string(3), priority: $0.int(4))
        }
    }

    /// The buildset first, then the request: as everywhere.
    private func lock(_ request: RequestID) throws {
        let id = PostgresValue.integer(request.rawValue)
        _ = try sql.pipeline([
            ("SELECT id FROM buildsets WHERE id = (SELECT buildset FROM requests WHERE id = $1) FOR NO KEY UPDATE", [id]),
            ("SELECT id FROM requests WHERE id = $1 FOR NO KEY UPDATE", [id]),
        ])
    }

    func lock(_ requests: [RequestID], buildsOf claimed: [RequestID]) throws {
        let (ids, claimed) = (PostgresValue.integers(requests.map(\.rawValue)), PostgresValue.integers(claimed.map(\.rawValue)))
        _ = try sql.pipeline([
            (
                """
                SELECT id FROM buildsets WHERE id = ANY (ARRAY(SELECT buildset FROM requests WHERE id = ANY ($1::bigint[]))) ORDER BY id
                FOR NO KEY UPDATE
                """, [ids]
            ), ("SELECT id FROM requests WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE", [ids]),
            // Index: builds_open_request.
            (
                """
                SELECT id FROM builds WHERE id = ANY (ARRAY(
                    SELECT id FROM builds WHERE request = ANY ($1::bigint[]) AND phase <> 'finished'
                    UNION ALL SELECT answered_by FROM requests WHERE id = ANY ($1::bigint[]) AND answered_by IS NOT NULL)) AND finished IS NULL
                ORDER BY id FOR NO KEY UPDATE
                """, [claimed]
            ),
        ])
    }

    func requestRecord(_ request: RequestID) throws -> RequestRecord? {
        try lock(request)
        let row = try sql.first(
            "SELECT buildset, builder, phase, priority, attempts, cancel_reason, answered_by FROM requests WHERE id = $1",
            [.integer(request.rawValue)])
        return try row.map { row in
            guard let phase = RequestPhase(rawValue: row.string(2)) else {
                throw StoreError.internalError("request \(request) has no known phase")
            }
            return RequestRecord(
                buildset: BuildsetID(row.int64(0)), builder: row.string(1), phase: phase, priority: row.int(3), attempts: row.int(4),
                cancelReason: row.optionalString(5), answeredBy: row.optionalInt64(6).map { BuildID($0) })
        }
    }

    func setCancelReason(_ request: RequestID, _ reason: String) throws {
        sql.later("UPDATE requests SET cancel_reason = $1 WHERE id = $2", [.text(reason), .integer(request.rawValue)])
    }

    func openBuild(of request: RequestID) throws -> BuildID? {
        // Index: builds_open_request.
        try sql.first("SELECT id FROM builds WHERE request = $1 AND phase <> 'finished' FOR NO KEY UPDATE", [.integer(request.rawValue)])
            .map { BuildID($0.int64(0)) }
    }

    func isOrphan(_ build: BuildID) throws -> Bool {
        // Two statements: the second sees what whoever held the lock has committed.
        try sql.pipeline([
            ("SELECT id FROM builds WHERE id = $1 FOR NO KEY UPDATE", [.integer(build.rawValue)]),
            ("SELECT r.finished IS NOT NULL FROM builds b JOIN requests r ON r.id = b.request WHERE b.id = $1", [.integer(build.rawValue)]),
        ])[1].first?.bool(0) ?? true
    }

    func cancelOpenBuild(_ build: BuildID, reason: String) throws -> BuildCancel? {
        try sql.first(
            """
            UPDATE builds SET cancel_reason = coalesce(cancel_reason, $1) WHERE id = $2 AND finished IS NULL
            RETURNING id, session, cancel_reason
            """,
            [.text(reason), .integer(build.rawValue)]
        ).map { BuildCancel(build: BuildID($0.int64(0)), session: SessionID($0.int64(1)), reason: $0.string(2)) }
    }

    func writePriority(_ request: RequestID, _ priority: Int) throws -> Int {
        try sql.run(
            "UPDATE requests SET priority = $1 WHERE id = $2 AND phase <> 'finished'", [.integer(priority), .integer(request.rawValue)])
    }
}
