import Domain
import Storage

/// The database of an intake that has not reached it since its start.
struct AwayStore: ChangeStore {
    func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        throw StoreError.unavailable("the database has not been reached since the start")
    }
}
