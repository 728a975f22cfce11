import Domain

extension DeliveryRow {
    /// The columns that `init(stored:)` reads, in its order.
    package static let columns = "id, source, name, event, received, redelivered, verdict, reason, changes, size, body IS NOT NULL"

    package init(stored row: some StoredRow) throws {
        guard let verdict = DeliveryVerdict(rawValue: row.string(6)) else {
            throw StoreError.internalError("delivery \(row.int64(0)) has an unknown verdict")
        }
        self.init(
            id: DeliveryID(row.int64(0)), source: row.string(1), name: row.optionalString(2), event: row.string(3), received: row.time(4),
            redelivered: row.optionalTime(5), judgement: DeliveryJudgement(verdict, reason: row.string(7), changes: row.int(8)), size: row.int(9),
            isKept: row.bool(10))
    }
}

extension KeptDelivery {
    /// Those of `DeliveryRow`, and the rest.
    package static let columns = "\(DeliveryRow.columns), headers, body"

    package init(stored row: some StoredRow) throws {
        let delivery = try DeliveryRow(stored: row)
        self.init(
            row: delivery, headers: try JSONText.decode([String: String].self, row.string(11)), body: delivery.isKept ? row.bytes(12) : nil)
    }
}

extension NewDelivery {
    /// What it adds to the bytes that are kept of its source.
    package var keptBytes: Int64 { Int64(body?.count ?? 0) }
}
