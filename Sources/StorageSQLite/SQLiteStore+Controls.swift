import Domain
import GRDB
import Storage

extension SQLiteStore: ControlStore {
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

extension SQLiteTransaction: ControlTransaction {
    func idempotentAnswer(_ key: IdempotencyKey, keptSince: Timestamp) throws -> (bodyHash: String, answer: String)? {
        // Index: idempotency_age.
        try run("DELETE FROM idempotency WHERE created < ?", [keptSince.microseconds])
        return try first(
            "SELECT body_hash, answer FROM idempotency WHERE principal = ? AND route = ? AND key = ?", [key.principal, key.route, key.key]
        ).map { (bodyHash: $0[0], answer: $0[1]) }
    }

    func remember(_ key: IdempotencyKey, answer: String) throws {
        try run(
            "INSERT INTO idempotency (principal, route, key, body_hash, answer, created) VALUES (?, ?, ?, ?, ?, ?)",
            [key.principal, key.route, key.key, key.bodyHash, answer, now.microseconds])
    }

    func witness(repository: String, branch: String, revision: String?) throws -> HandWitness {
        // Indexes: changes_branch, changes_revision, changes_untrusted.
        let newest = try first(
            """
            SELECT id, json_extract(properties, '$.\(PullProperty.untrusted)') IS 1 FROM changes
            WHERE branch = ? AND repository = ? ORDER BY id DESC LIMIT 1
            """, [branch, repository]
        ).map { (change: ChangeID($0[0]), isUntrusted: $0[1] as Bool) }
        let found = try first(
            """
            SELECT max(CASE WHEN json_extract(properties, '$.\(PullProperty.untrusted)') IS 1 THEN id END),
                coalesce(max(json_extract(properties, '$.\(PullProperty.untrusted)') IS NOT 1), 0),
                coalesce(max(json_extract(properties, '$.\(PullProperty.untrusted)') IS NOT 1 AND revision = ?1), 0) FROM changes
            WHERE revision >= ?1 AND revision < ?1 || 'g' AND (revision = ?1 OR length(?1) >= 7 AND substr(revision, 1, length(?1)) = ?1)
            """, [revision]
        ).map { (untrusted: ($0[0] as Int64?).map { ChangeID($0) }, trusted: $0[1] as Bool, exact: $0[2] as Bool) }
        let fork = try value(
            Int64.self,
            """
            SELECT id FROM changes INDEXED BY changes_untrusted WHERE json_extract(properties, '$.\(PullProperty.untrusted)') = 1 AND id > 0 LIMIT 1
            """, [])
        return HandWitness(
            untrustedBranch: newest.flatMap { $0.isUntrusted ? $0.change : nil }, knowsBranch: newest != nil, untrustedRevision: found?.untrusted,
            knowsRevision: found.map { $0.exact || $0.trusted && $0.untrusted == nil } ?? false, knowsForks: fork != nil)
    }

    func rebuildRecord(_ build: BuildID) throws -> RebuildRecord? {
        try first(
            """
            SELECT b.buildset, b.builder, s.author, s.comments, r.priority
            FROM builds b JOIN buildsets s ON s.id = b.buildset JOIN requests r ON r.id = b.request WHERE b.id = ?
            """,
            [build.rawValue]
        ).map { RebuildRecord(buildset: BuildsetID($0[0]), builder: $0[1], author: $0[2], comments: $0[3], priority: $0[4]) }
    }

    /// One writer needs none.
    func lock(_ requests: [RequestID], buildsOf claimed: [RequestID]) {}

    func requestRecord(_ request: RequestID) throws -> RequestRecord? {
        let row = try first(
            "SELECT buildset, builder, phase, priority, attempts, cancel_reason, answered_by FROM requests WHERE id = ?", [request.rawValue])
        return try row.map { row in
            guard let phase = RequestPhase(rawValue: row[2]) else { throw StoreError.internalError("request \(request) has no known phase") }
            return RequestRecord(
                buildset: BuildsetID(row[0]), builder: row[1], phase: phase, priority: row[3], attempts: row[4], cancelReason: row[5],
                answeredBy: (row[6] as Int64?).map { BuildID($0) })
        }
    }

    func setCancelReason(_ request: RequestID, _ reason: String) throws {
        try run("UPDATE requests SET cancel_reason = ? WHERE id = ?", [reason, request.rawValue])
    }

    func openBuild(of request: RequestID) throws -> BuildID? {
        // Index: builds_open_request.
        try value(Int64.self, "SELECT id FROM builds WHERE request = ? AND phase <> 'finished'", [request.rawValue]).map { BuildID($0) }
    }

    func isOrphan(_ build: BuildID) throws -> Bool {
        try value(Bool.self, "SELECT r.finished IS NOT NULL FROM builds b JOIN requests r ON r.id = b.request WHERE b.id = ?", [build.rawValue])
            ?? true
    }

    func cancelOpenBuild(_ build: BuildID, reason: String) throws -> BuildCancel? {
        try first(
            """
            UPDATE builds SET cancel_reason = coalesce(cancel_reason, ?) WHERE id = ? AND phase <> 'finished'
            RETURNING id, session, cancel_reason
            """,
            [reason, build.rawValue]
        ).map { BuildCancel(build: BuildID($0[0]), session: SessionID($0[1]), reason: $0[2]) }
    }

    func writePriority(_ request: RequestID, _ priority: Int) throws -> Int {
        try run("UPDATE requests SET priority = ? WHERE id = ? AND phase <> 'finished'", [priority, request.rawValue])
    }
}
