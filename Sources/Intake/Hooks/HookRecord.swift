import Domain
import Logging
import Signals
import Storage

/// Puts on record what forges deliver, so that people can see it and have it read again. Whatever becomes of the record, nothing that was taken is lost by it.
struct HookRecord: Sendable {
    /// The longest body that is kept of a delivery that went well: most are shorter by far.
    static let longestTaken = 256 << 10
    /// That of one that did not, and somebody will want to look at.
    static let longestRefused = 8 << 20
    /// How long a forge waits for the record of what made no change.
    private static let patience: Duration = .seconds(1)

    let store: any DeliveryStore
    let logger: Logger

    /// Which delivery it is: one that just came, or one that was kept and is read again.
    enum Subject: Sendable {
        case first(HookDelivery, HookConfiguration)
        case again(DeliveryID, AuditNote?)

        /// Somebody did it, and the record holds who.
        var isAudited: Bool { if case .again(_, .some) = self { true } else { false } }

        func note(_ judgement: DeliveryJudgement) -> DeliveryNote {
            var judgement = judgement
            judgement.reason = HookRecord.bounded(judgement.reason)
            switch self {
            case .first(let delivery, let hook):
                let limit = judgement.verdict == .refused ? HookRecord.longestRefused : HookRecord.longestTaken
                return .first(delivery.kept(of: hook, limit: limit), judgement)
            case .again(let id, let audit): return .again(id, judgement, audit: audit)
            }
        }
    }

    /// Notes what made no change; its number, or nil when it could not be kept.
    ///
    /// - Throws: When somebody had it read again: that is not done without a row in the audit.
    func note(_ subject: Subject, _ judgement: DeliveryJudgement) async throws -> DeliveryID? {
        do {
            let note = subject.note(judgement)
            return try await Bounded.run(within: Self.patience) { [store] in try await store.note(note) }
        } catch {
            if subject.isAudited { throw error }
            logger.warning("a delivery was not kept", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Accepts changes together with the record of the delivery that told of them; without it, should the record be what stands in the way.
    func accept(_ changes: [NewChange], _ subject: Subject, in changeStore: any ChangeStore) async throws -> [ChangeReceipt] {
        do {
            return try await store.accept(changes, noting: subject.note(DeliveryJudgement(.accepted, changes: changes.count)))
        } catch  where !subject.isAudited && !ChangeTaker.isAway(error) && !(error is CancellationError) {
            logger.error("changes are taken without a record of their delivery", metadata: ["error": "\(error)"])
            return try await changeStore.accept(changes, advancing: nil)
        }
    }

    private static func bounded(_ text: String) -> String {
        String(text.replacing("\0", with: " ").unicodeScalars.prefix(2000))
    }
}
