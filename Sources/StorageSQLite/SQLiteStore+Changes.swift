import Domain
import GRDB
import Storage

extension SQLiteStore: ChangeStore {
    public func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        try await write("accepting changes") { try $0.accept(changes, advancing: advancing) }
    }
}

extension SQLiteTransaction: ChangeTransaction {
    func position(of source: String) throws -> String? {
        try value(String.self, "SELECT position FROM sources WHERE name = ?", [source])
    }

    func writePosition(_ source: String, _ position: String) throws {
        try run(
            "INSERT INTO sources (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            [source, position])
    }

    func accept(_ changes: [KeyedChange]) throws -> [ChangeReceipt] {
        try changes.map { try accept($0) }
    }

    func knownReceipt(_ change: KeyedChange) throws -> ChangeReceipt? {
        try first("SELECT change, chain FROM change_keys WHERE source = ? AND dedupe_key = ?", [change.content.source, change.key])
            .map { ChangeReceipt(id: ChangeID($0[0]), chain: ChainID($0[1]), created: false) }
    }

    private func accept(_ change: KeyedChange) throws -> ChangeReceipt {
        let content = change.content
        if !change.isKeyNew, let known = try knownReceipt(change) { return known }
        try run(
            """
            INSERT INTO changes (source, dedupe_key, chain, project, repository, branch, revision, author, comments, files, category, made,
                properties, accepted, submitted_by)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                content.source, change.key, change.chain.rawValue, content.project, content.repository, content.branch, content.revision,
                content.author, content.comments, JSONText.encode(content.files), content.category, content.when?.microseconds,
                try JSONText.encode(content.properties), now.microseconds, content.submittedBy,
            ])
        let id = ChangeID(db.lastInsertedRowID)
        try run(
            "INSERT INTO change_keys (source, dedupe_key, change, chain) VALUES (?, ?, ?, ?)",
            [content.source, change.key, id.rawValue, change.chain.rawValue])
        try run("INSERT INTO unclassified (change, accepted) VALUES (?, ?)", [id.rawValue, now.microseconds])
        return ChangeReceipt(id: id, chain: change.chain, created: true)
    }
}
