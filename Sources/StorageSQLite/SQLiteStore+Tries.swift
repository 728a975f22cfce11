import Domain
import Foundation
import Storage

extension SQLiteStore: TryStore {
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

extension SQLiteTransaction: TryTransaction {
    func keepPatch(_ id: String, _ bytes: [UInt8], droppingBefore oldest: Timestamp) throws {
        try run(
            "INSERT INTO patches (id, bytes, kept) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET kept = excluded.kept",
            [id, Data(bytes), now.microseconds])
        // Indexes: patches_age, buildsets_open.
        try run(
            """
            DELETE FROM patches WHERE kept < ? AND id NOT IN (
                SELECT s.patch FROM buildsets b JOIN source_stamps s ON s.id = b.stamp WHERE b.finished IS NULL AND s.patch IS NOT NULL)
            """, [oldest.microseconds])
    }

    func readPatch(_ id: String) throws -> [UInt8]? {
        try value(Data.self, "SELECT bytes FROM patches WHERE id = ?", [id]).map { Array($0) }
    }
}
