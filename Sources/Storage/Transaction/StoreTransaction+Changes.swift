import Domain

/// What a store says when changes come in.
package protocol ChangeTransaction: StoreTransaction {
    /// The stored position of a source; the row is locked where several processes write.
    func position(of source: String) throws -> String?
    func writePosition(_ source: String, _ position: String) throws
    /// Writes changes that are new by their source and dedupe key, queues them for classification, and gives the number and the chain of each, in order:
    /// those that were there before with their first ones.
    func accept(_ changes: [KeyedChange]) throws -> [ChangeReceipt]
}

/// A change with the key and the chain that make it one.
package struct KeyedChange {
    package var content: NewChange
    package var key: String
    package var chain: ChainID
    /// The key was made here, so it is new by its nature.
    package var isKeyNew: Bool
}

extension ChangeTransaction {
    package func accept(_ changes: [NewChange], advancing advance: SourceAdvance?) throws -> [ChangeReceipt] {
        if let advance {
            guard try position(of: advance.source) == advance.from else {
                throw StoreError.conflict("the position of source \(advance.source) has moved since it was read: read it again")
            }
            try writePosition(advance.source, advance.to)
        }
        guard !changes.isEmpty else { return [] }
        let keyed = changes.map { change in
            let key = change.dedupeKey ?? ChainID.random().rawValue
            return KeyedChange(
                content: change, key: key, chain: ChainID(deployment: deployment, source: change.source, dedupeKey: key),
                isKeyNew: change.dedupeKey == nil)
        }
        let receipts = try accept(keyed)
        for (change, receipt) in zip(keyed, receipts) where receipt.created {
            emit(
                EventDraft(
                    .changeReceived, entity: .change, id: receipt.id.rawValue, chain: EventChain(id: receipt.chain, changes: [receipt.id]),
                    data: .change(ChangeFact(change.content))),
                version: 1)
        }
        return receipts
    }
}
