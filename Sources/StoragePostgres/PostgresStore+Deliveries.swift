import Domain
import Storage

extension PostgresStore: DeliveryStore {
    public func accept(_ changes: [NewChange], noting note: DeliveryNote) async throws -> [ChangeReceipt] {
        try await write("accepting changes") { transaction in
            let receipts = try transaction.accept(changes, advancing: nil)
            for (sql, arguments) in try transaction.statements(note) { transaction.sql.later(sql, arguments) }
            return receipts
        }
    }

    public func note(_ note: DeliveryNote) async throws -> DeliveryID {
        try await write("noting a delivery") { transaction in
            let rows = try transaction.sql.pipeline(try transaction.statements(note))
            if case .again(let id, _, _) = note { return id }
            guard let row = rows.joined().first(where: { $0.columns == 2 }) else { throw StoreError.internalError("a delivery was given no number") }
            return DeliveryID(row.int64(0))
        }
    }

    public func deliveries(_ query: PageQuery<DeliveryFields>) async throws -> [DeliveryRow] {
        let clock = clockArgument
        return try await read("listing deliveries") { sql in
            var page = PostgresPage(ascending: query.ascending, limit: query.limit)
            // The ids from one end: there are few of a source.
            page.add("source = ?", .text(query.fields.source))
            page.add("verdict = ?", .text(query.fields.verdict?.rawValue))
            page.add("received >= ?", .integer(try Self.oldestKept(sql, clock)))
            page.add("received >= ?", .integer(query.times.since?.microseconds))
            page.add("received < ?", .integer(query.times.until?.microseconds))
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            return try page.rows(sql, "SELECT \(DeliveryRow.columns) FROM deliveries", orderedBy: ["id"]).map { try DeliveryRow(stored: $0) }
        }
    }

    public func delivery(_ id: DeliveryID) async throws -> KeptDelivery? {
        let clock = clockArgument
        return try await read("reading a delivery") { sql in
            try sql.first(
                "SELECT \(KeptDelivery.columns) FROM deliveries WHERE id = $1 AND received >= $2",
                [.integer(id.rawValue), .integer(try Self.oldestKept(sql, clock))]
            ).map { try KeptDelivery(stored: $0) }
        }
    }

    private static func oldestKept(_ sql: PostgresTransaction, _ clock: PostgresValue) throws -> Int64 {
        try sql.first("SELECT coalesce($1, \(Self.clock)) - $2", [clock, .integer(DeliveryBounds.kept.microseconds)])?.int64(0) ?? 0
    }
}

extension PostgresStoreTransaction {
    /// What writes a note; none of the rows is needed but the number of a new delivery, so that an accepted one waits for no round trip more.
    func statements(_ note: DeliveryNote) throws -> [(String, [PostgresValue])] {
        switch note {
        case .first(let delivery, let judgement):
            return try statements(delivery, judgement)
        case .again(let id, let judgement, let audit):
            return [
                (
                    "UPDATE deliveries SET redelivered = coalesce($2, \(PostgresStore.clock)), verdict = $3, reason = $4, changes = $5 WHERE id = $1",
                    [.integer(id.rawValue), store.clockArgument] + Self.arguments(judgement)
                )
            ] + (try audit.map { [try auditStatement($0, target: AuditTarget("delivery", id))] } ?? [])
        }
    }

    private func statements(_ delivery: NewDelivery, _ judgement: DeliveryJudgement) throws -> [(String, [PostgresValue])] {
        let source = PostgresValue.text(delivery.source)
        return [
            // Places are given to one at a time; a statement after this one sees the place before.
            ("SELECT pg_advisory_xact_lock(1685021554, hashtext($1))", [.text("deliveries " + delivery.source)]),
            // Index: the unique (source, place).
            (
                """
                INSERT INTO deliveries (source, received, verdict, reason, changes, name, event, headers, size, body, place, bytes)
                SELECT $1, coalesce($2, \(PostgresStore.clock)), $3, $4, $5::bigint, $6, $7, $8::json, $9::bigint, $10::bytea,
                    coalesce(newest.place, 0) + 1, coalesce(newest.bytes, 0)
                FROM (SELECT 1) one LEFT JOIN (
                    SELECT place, \(Self.keptWithIt) AS bytes FROM deliveries WHERE source = $1 ORDER BY place DESC LIMIT 1) newest ON true
                RETURNING id, place
                """,
                [source, store.clockArgument] + Self.arguments(judgement) + [
                    .text(delivery.name), .text(delivery.event), .text(try JSONText.encode(delivery.headers)), .integer(delivery.size),
                    delivery.body.map { .bytes($0) } ?? .null,
                ]
            ),
            (
                """
                DELETE FROM deliveries WHERE source = $1
                    AND place <= (SELECT place FROM deliveries WHERE source = $1 ORDER BY place DESC LIMIT 1) - $2
                """, [source, .integer(delivery.bounds.most)]
            ),
            // Index: deliveries_bytes.
            (
                """
                DELETE FROM deliveries WHERE source = $1
                    AND bytes < (SELECT \(Self.keptWithIt) FROM deliveries WHERE source = $1 ORDER BY place DESC LIMIT 1) - $2
                """, [source, .integer(delivery.bounds.bytes)]
            ),
        ]
    }

    /// The bytes that were kept of its source up to and with it.
    private static let keptWithIt = "bytes + CASE WHEN body IS NULL THEN 0 ELSE size END"

    private static func arguments(_ judgement: DeliveryJudgement) -> [PostgresValue] {
        [.text(judgement.verdict.rawValue), .text(judgement.reason), .integer(judgement.changes)]
    }
}
