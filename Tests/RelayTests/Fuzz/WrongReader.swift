import Storage

@testable import StoragePostgres

/// A relay that reads by one of the two queries that come to mind first, each of which is wrong. It hands what it reads to the recorder.
enum WrongReader: String, CaseIterable, Sendable {
    /// Sequences commit out of order: what commits below the last number is never read.
    case sequence = "seq > last"
    /// Nothing is lost, but a transaction that began early and locked the entity late comes first.
    case transaction = "xid < xmin, by xid and seq"

    func run(_ pool: PostgresPool, _ recorder: Recorder, until isOver: @escaping @Sendable () -> Bool) async throws {
        var (lastTransaction, last): (Int64, Int64) = (0, 0)
        while true {
            // Asked before reading, so that the last read comes after the last write and sees all of it.
            let wasOver = isOver()
            let isLast = wasOver ? try await seesAll(pool) : false
            let rows = try await read(pool, lastTransaction, last)
            for row in rows { recorder.take(.init(id: row.string(1), entity: row.int64(2), version: row.int64(3))) }
            if let row = rows.last { (last, lastTransaction) = (row.int64(0), row.int64(4)) }
            if rows.isEmpty {
                if isLast { return }
                await Task.yield()
            }
        }
    }

    /// A transaction of any database of the server holds the oldest snapshot back, and with it what the second query gives.
    private func seesAll(_ pool: PostgresPool) async throws -> Bool {
        guard self == .transaction else { return true }
        return try await pool.read("looking how far the oldest snapshot is") { sql in
            try sql.first("SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()))")?.bool(0) ?? false
        }
    }

    private func read(_ pool: PostgresPool, _ transaction: Int64, _ sequence: Int64) async throws -> [PostgresRow] {
        try await pool.read("reading wrongly") { sql in
            switch self {
            case .sequence:
                try sql.all(
                    "SELECT seq, message_id, entity_id, entity_version, xid FROM outbox WHERE seq > $1 ORDER BY seq LIMIT 100", [.integer(sequence)])
            case .transaction:
                try sql.all(
                    """
                    SELECT seq, message_id, entity_id, entity_version, xid FROM outbox
                    WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) AND (xid > $1::text::xid8 OR xid = $1::text::xid8 AND seq > $2)
                    ORDER BY xid, seq LIMIT 100
                    """, [.text(String(transaction)), .integer(sequence)])
            }
        }
    }
}
