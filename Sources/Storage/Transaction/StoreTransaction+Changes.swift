import Domain

/// What a store says when changes come in.
package protocol ChangeTransaction: StoreTransaction {
    /// The stored position of a source; the row is locked where several processes write.
    func position(of source: String) throws -> String?
    func writePosition(_ source: String, _ position: String) throws
    /// Writes changes that are new by their source and dedupe key, queues them for classification, and gives the number and the chain of each, in order:
    /// those that were there before with their first ones.
    func accept(_ changes: [KeyedChange]) throws -> [ChangeReceipt]

    // Sources that tell of one repository
    /// Locks the lines that these changes stand in until the transaction ends, in their order and after what else acceptance locks; gives of each what its
    /// changes may meet.
    func openLines(of changes: [KeyedChange]) throws -> [String: MirrorLine]
    /// Those of the changes that were accepted before, by their source and key.
    func knownReceipts(of changes: [KeyedChange]) throws -> [ChangeKey: ChangeReceipt]
    /// Writes what was appended to these lines, and where they end and their sources stand; only the newest `MirrorLine.kept` moves of each are kept, and its end.
    func write(_ lines: [String: MirrorLine], changes: [ChangeReceipt]) throws
    /// Remembers that these told of changes which others had told first.
    func writeTellings(_ tellings: [(change: KeyedChange, first: ChangeReceipt)]) throws
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
        let receipts = changes.contains { $0.mirror != nil } ? try acceptMirrored(keyed) : try accept(keyed)
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
