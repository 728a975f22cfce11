import Domain
import GRDB
import Storage

extension SQLiteStore: ChangeStore {
    public func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        try await write("accepting changes") { transaction in
            if let advancing { try transaction.advance(advancing) }
            return try changes.map { try transaction.accept($0) }
        }
    }
}

extension SQLiteTransaction {
    fileprivate func advance(_ advance: SourceAdvance) throws {
        let stored = try value(String.self, "SELECT position FROM sources WHERE name = ?", [advance.source])
        guard stored == advance.from else {
            throw StoreError.conflict("the position of source \(advance.source) has moved since it was read: read it again")
        }
        try run(
            "INSERT INTO sources (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            [advance.source, advance.to])
    }

    fileprivate func accept(_ change: NewChange) throws -> ChangeReceipt {
        // A key made here is new by its nature: there is nothing to look up.
        if let key = change.dedupeKey,
            let row = try first("SELECT change, chain FROM change_keys WHERE source = ? AND dedupe_key = ?", [change.source, key])
        {
            return ChangeReceipt(id: ChangeID(row[0]), chain: ChainID(row[1]), created: false)
        }
        let key = change.dedupeKey ?? ChainID.random().rawValue
        let chain = ChainID(deployment: store.deployment, source: change.source, dedupeKey: key)
        try run(
            """
            INSERT INTO changes (source, dedupe_key, chain, project, repository, branch, revision, author, comments, files, category, made,
                properties, accepted)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                change.source, key, chain.rawValue, change.project, change.repository, change.branch, change.revision, change.author,
                change.comments, JSONText.encode(change.files), change.category, change.when?.microseconds,
                try JSONText.encode(change.properties), now.microseconds,
            ])
        let id = ChangeID(db.lastInsertedRowID)
        try run(
            "INSERT INTO change_keys (source, dedupe_key, change, chain) VALUES (?, ?, ?, ?)", [change.source, key, id.rawValue, chain.rawValue])
        try run("INSERT INTO unclassified (change, accepted) VALUES (?, ?)", [id.rawValue, now.microseconds])
        emit(
            EventDraft(
                .changeReceived, entity: .change, id: id.rawValue, chain: EventChain(id: chain, changes: [id]), data: .change(ChangeFact(change))),
            version: 1)
        return ChangeReceipt(id: id, chain: chain, created: true)
    }
}
