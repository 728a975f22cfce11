import Domain

public protocol ChangeStore: Sendable {
    /// Accepts changes, in the order given, and moves their source's position with them. A change that was accepted before (same source and
    /// dedupe key) gets its first answer again, and so does one that another source of its group told first; see `MirrorLine`. Writes `change.received` for each new one and queues it for classification.
    func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt]
}

/// A source's new position, committed together with the changes that lead to it.
public struct SourceAdvance: Hashable, Sendable {
    public var source: String
    /// The position this one follows; refused with `StoreError.conflict` when the stored one differs. Nil: there is none yet.
    public var from: String?
    /// Opaque to the store; JSON of the poller.
    public var to: String

    public init(source: String, from: String?, to: String) {
        self.source = source
        self.from = from
        self.to = to
    }
}
