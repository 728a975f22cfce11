import Domain
import Storage
import Synchronization

/// A store whose database a test takes away and brings back. What it refuses for good, it refuses by the comments of a change.
final class SwitchedStore: ChangeStore {
    private let store: any ChangeStore
    private let isAway = Mutex(false)
    /// Answers that are lost: the change is accepted, and the caller is told that the database is away.
    private let losesAnswers = Mutex(false)

    init(_ store: any ChangeStore) {
        self.store = store
    }

    func set(away: Bool) { isAway.withLock { $0 = away } }
    func set(losingAnswers: Bool) { losesAnswers.withLock { $0 = losingAnswers } }

    func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        if isAway.withLock({ $0 }) { throw StoreError.unavailable("the database is away") }
        if changes.contains(where: { $0.comments == "poison" }) { throw StoreError.internalError("this change breaks the database") }
        let receipts = try await store.accept(changes, advancing: advancing)
        if losesAnswers.withLock({ $0 }) { throw StoreError.unavailable("the connection was lost") }
        return receipts
    }
}
