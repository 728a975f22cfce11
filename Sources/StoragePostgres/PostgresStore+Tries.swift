import Domain
import Storage

extension PostgresStore: TryStore {
    public func makeTry(_ new: TryRequest, idempotency: IdempotencyKey?, audit: AuditNote?) async throws -> TryReceipt {
        try await write("trying a patch") { try $0.makeTry(new, idempotency: idempotency, audit: audit) }
    }

    public func tryReceipt(of key: IdempotencyKey) async throws -> TryReceipt? {
        try await write("looking for what a key made") { try $0.tryReceipt(of: key) }
    }

    public func patch(for call: StepCall) async throws -> PatchVerdict {
        try await write("looking for the patch of build \(call.build)") { try $0.patch(for: call) }
    }
}

extension PostgresStoreTransaction: TryTransaction {
    func keepPatch(_ id: String, _ bytes: [UInt8], droppingBefore oldest: Timestamp) throws {
        try sql.later(
            "INSERT INTO patches (id, bytes, kept) VALUES ($1, $2::bytea, $3) ON CONFLICT (id) DO UPDATE SET kept = excluded.kept",
            [.text(id), .bytes(bytes), .integer(now.microseconds)])
        // Indexes: patches_age, buildsets_open. Whoever else drops some at this moment has those.
        sql.later(
            """
            DELETE FROM patches WHERE id IN (
                SELECT id FROM patches p WHERE p.kept < $1 AND NOT EXISTS (
                    SELECT FROM buildsets b JOIN source_stamps s ON s.id = b.stamp WHERE b.finished IS NULL AND s.patch = p.id)
                FOR UPDATE SKIP LOCKED)
            """, [.integer(oldest.microseconds)])
    }

    func readPatch(_ id: String) throws -> [UInt8]? {
        try sql.first("SELECT bytes FROM patches WHERE id = $1", [.text(id)])?.bytes(0)
    }
}
