import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    /// How many rows one statement inserts; the rest goes in smaller ones, so that few different statements stay prepared.
    private static let insertSizes = [32, 8, 1]
    private static let insertions = insertSizes.map { size in
        """
        INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
        VALUES \(repeatElement("(?, ?, ?, ?, ?, ?, ?, ?, ?)", count: size).joined(separator: ", "))
        """
    }

    func insert(_ events: [OutboxRow]) throws {
        var rows = events[...]
        for (size, sql) in zip(Self.insertSizes, Self.insertions) {
            while rows.count >= size {
                try run(sql, rows.prefix(size).reduce(into: StatementArguments()) { $0 += arguments($1) })
                rows = rows.dropFirst(size)
            }
        }
    }

    private func arguments(_ row: OutboxRow) -> StatementArguments {
        [
            row.messageID, row.kind.rawValue, row.entity.rawValue, row.entityID, row.version, row.routingKey, row.chain, row.data, now.microseconds,
        ]
    }

    func raiseVersions(of kind: EntityKind, by counts: [(id: Int64, count: Int64)]) throws -> [Int64: Int64] {
        guard let table = Self.table(of: kind) else { return [:] }
        let rows = try all(
            """
            UPDATE \(table) SET version = version + (j.value ->> 1) FROM json_each(?) j WHERE \(table).id = (j.value ->> 0)
            RETURNING id, version
            """,
            [JSONText.rows(counts.map { [$0.id, $0.count] })])
        return rows.reduce(into: [:]) { $0[$1[0]] = $1[1] }
    }

    private static func table(of kind: EntityKind) -> String? {
        switch kind {
        case .buildset: "buildsets"
        case .request: "requests"
        case .build: "builds"
        case .session: "sessions"
        case .config: "configurations"
        // A change never changes: it is received, once. One process on one file has nothing that could be rewound behind its back.
        case .change, .deployment: nil
        }
    }
}
