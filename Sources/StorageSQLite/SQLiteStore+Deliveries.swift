import Domain
import Foundation
import GRDB
import Storage

extension SQLiteStore: DeliveryStore {
    public func accept(_ changes: [NewChange], noting note: DeliveryNote) async throws -> [ChangeReceipt] {
        try await write("accepting changes") { transaction in
            let receipts = try transaction.accept(changes, advancing: nil)
            _ = try transaction.write(note)
            return receipts
        }
    }

    public func note(_ note: DeliveryNote) async throws -> DeliveryID {
        try await write("noting a delivery") { try $0.write(note) }
    }

    public func deliveries(_ query: PageQuery<DeliveryFields>) async throws -> [DeliveryRow] {
        let oldest = clock.now().advanced(by: .zero - DeliveryBounds.kept)
        return try await read("listing deliveries") { db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            // The ids from one end: there are few of a source.
            page.add("source = ?", query.fields.source)
            page.add("verdict = ?", query.fields.verdict?.rawValue)
            page.add("received >= ?", oldest.microseconds)
            page.add("received >= ?", query.times.since?.microseconds)
            page.add("received < ?", query.times.until?.microseconds)
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            return try page.rows(db, "SELECT \(DeliveryRow.columns) FROM deliveries", orderedBy: ["id"]).map { try DeliveryRow(stored: $0) }
        }
    }

    public func delivery(_ id: DeliveryID) async throws -> KeptDelivery? {
        let oldest = clock.now().advanced(by: .zero - DeliveryBounds.kept)
        return try await read("reading a delivery") { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT \(KeptDelivery.columns) FROM deliveries WHERE id = ? AND received >= ?"),
                arguments: [id.rawValue, oldest.microseconds]
            ).map { try KeptDelivery(stored: $0) }
        }
    }
}

extension SQLiteTransaction {
    func write(_ note: DeliveryNote) throws -> DeliveryID {
        switch note {
        case .first(let delivery, let judgement):
            return try insert(delivery, judgement)
        case .again(let id, let judgement, let audit):
            try run(
                "UPDATE deliveries SET redelivered = ?, verdict = ?, reason = ?, changes = ? WHERE id = ?",
                [now.microseconds, judgement.verdict.rawValue, judgement.reason, judgement.changes, id.rawValue])
            if let audit { try write(audit, target: AuditTarget("delivery", id)) }
            return id
        }
    }

    private func insert(_ delivery: NewDelivery, _ judgement: DeliveryJudgement) throws -> DeliveryID {
        // Index: the unique (source, place).
        let newest = try first(
            "SELECT place, bytes + iif(body IS NULL, 0, size) FROM deliveries WHERE source = ? ORDER BY place DESC LIMIT 1", [delivery.source])
        let place = (newest?.int64(0) ?? 0) + 1
        let bytes = newest?.int64(1) ?? 0
        try run(
            """
            INSERT INTO deliveries (source, name, event, received, verdict, reason, changes, headers, size, place, bytes, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                delivery.source, delivery.name, delivery.event, now.microseconds, judgement.verdict.rawValue, judgement.reason, judgement.changes,
                try JSONText.encode(delivery.headers), delivery.size, place, bytes, delivery.body.map { Data($0) },
            ])
        let id = DeliveryID(db.lastInsertedRowID)
        // Indexes: the unique (source, place), deliveries_bytes, deliveries_age.
        try run("DELETE FROM deliveries WHERE source = ? AND place <= ?", [delivery.source, place - delivery.bounds.most])
        try run("DELETE FROM deliveries WHERE source = ? AND bytes < ?", [delivery.source, bytes + delivery.keptBytes - delivery.bounds.bytes])
        try run("DELETE FROM deliveries WHERE received < ?", [now.advanced(by: .zero - DeliveryBounds.kept).microseconds])
        return id
    }
}
