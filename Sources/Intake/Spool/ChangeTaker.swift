import Domain
import Foundation
import HTTPDoor
import Signals
import Storage
import Wire

/// Decides where changes become durable: in the database, and while it is away, or while earlier ones wait in the spool, in the spool.
struct ChangeTaker: Sendable {
    enum Taken: Sendable {
        case accepted(ChangeReceipt)
        case spooled(ChainID)

        var chain: ChainID {
            switch self {
            case .accepted(let receipt): receipt.chain
            case .spooled(let chain): chain
            }
        }
    }

    typealias Accepting = @Sendable ([NewChange]) async throws -> [ChangeReceipt]

    /// How long the database may keep a client waiting where there is a spool. What it commits later all the same is the same change.
    private static let patience: Duration = .seconds(3)

    let store: any ChangeStore
    let bell: any Doorbell
    let deployment: String
    let spool: ChangeSpool?
    /// Of this process: no other has this spool.
    let drain = LoopGroup()

    /// The change with the chain that it has and will keep.
    func named(_ change: NewChange, key: String, isProtected: Bool) -> SpooledChange {
        SpooledChange(
            change: change, isProtected: isProtected, chain: ChainID(deployment: deployment, source: change.source, dedupeKey: key),
            taken: Timestamp(seconds: Date().timeIntervalSince1970))
    }

    /// - Parameter accepting: how the database accepts them, when something else belongs into the same transaction.
    func take(_ changes: [SpooledChange], accepting: Accepting? = nil) async throws -> [Result<Taken, any Error>] {
        guard let spool else { return try await accept(changes, accepting) }
        // Behind those that wait, or it would overtake them.
        guard spool.isEmpty else { return await keep(changes, in: spool) }
        do {
            return try await Bounded.run(within: Self.patience) { try await accept(changes, accepting) }
        } catch  where Self.isAway(error) {
            return await keep(changes, in: spool)
        }
    }

    /// The database is away, or as good as: trying again will help.
    static func isAway(_ error: any Error) -> Bool {
        if error is Bounded.TooLate { return true }
        if case .unavailable = error as? StoreError { return true }
        return false
    }

    private func accept(_ changes: [SpooledChange], _ accepting: Accepting?) async throws -> [Result<Taken, any Error>] {
        let contents = changes.map(\.change)
        let receipts = if let accepting { try await accepting(contents) } else { try await store.accept(contents, advancing: nil) }
        bell.ring(.schedulingClassify)
        return receipts.map { .success(.accepted($0)) }
    }

    private func keep(_ changes: [SpooledChange], in spool: ChangeSpool) async -> [Result<Taken, any Error>] {
        let refusals = await spool.append(changes)
        drain.ring()
        return zip(changes, refusals).map { change, refusal in
            guard let refusal else { return .success(.spooled(change.chain)) }
            return .failure(Problem.unavailable("the database is away, and the change was not taken: \(refusal)"))
        }
    }
}
