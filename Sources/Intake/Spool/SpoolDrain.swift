import Domain
import Logging
import Signals
import Storage

/// One pass of `intake.spool`: brings the oldest of what was spooled to the database, in order. A change that is there already, by a retry of its client, by
/// another replica or by an earlier pass, is the same change.
struct SpoolDrain: Sendable {
    /// Changes of one transaction.
    private static let batch = 500

    let spool: ChangeSpool
    let store: any ChangeStore
    let bell: any Doorbell
    let logger: Logger

    func run() async throws -> NextWake? {
        guard !spool.isEmpty else { return nil }
        do {
            let changes = try await spool.first(Self.batch)
            _ = try await store.accept(changes.map(\.change), advancing: nil)
            try await spool.removeFirst(changes.count)
            logger.notice("spooled changes are in the database", metadata: ["changes": "\(changes.count)", "waiting": "\(spool.status.waiting)"])
        } catch  where !ChangeTaker.isAway(error) && !(error is CancellationError) {
            try await passFirst(error)
        }
        bell.ring(.schedulingClassify)
        return .immediately
    }

    /// Something in the batch cannot be taken: one at a time, and the one at fault steps aside.
    private func passFirst(_ cause: any Error) async throws {
        do {
            guard let first = try await spool.first(1).first else { return }
            _ = try await store.accept([first.change], advancing: nil)
            try await spool.removeFirst(1)
        } catch  where !ChangeTaker.isAway(error) && !(error is CancellationError) {
            try await spool.setFirstAside()
            logger.error("a spooled change cannot be taken and was set aside", metadata: ["error": "\(error)", "batch_error": "\(cause)"])
        }
    }
}
