import Domain
import Storage

/// A store whose database is away.
struct AwayStore: ChangeStore {
    func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        throw StoreError.unavailable("the database at /srv/private is away")
    }
}
