import Domain
import GRDB
import Storage

// One writer: the order of the sequence is the order of the commits, so the tick of an event is its sequence.
extension SQLiteStore: OutboxStore {
    public var showsEventsAtOnce: Bool { true }

    public func onEvents(_ wake: @escaping @Sendable () -> Void) {
        wakes.withLock { $0.append(wake) }
    }

    public func events(after cursor: EventCursor, limit: Int) async throws -> [EventRecord] {
        guard cursor.epoch == epoch, cursor.shard == 0 else {
            throw StoreError.conflict(
                "the cursor \(cursor) belongs to another epoch or shard than \(epoch)-0: read again from the oldest or the newest event")
        }
        return try await read("reading events") { [epoch] db in
            let statement = try db.cachedStatement(
                sql: "SELECT \(EventRecord.columns) FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?")
            var records: [EventRecord] = []
            let rows = try Row.fetchCursor(statement, arguments: [cursor.sequence, limit])
            while let row = try rows.next() {
                records.append(try EventRecord(stored: row, epoch: epoch))
            }
            return records
        }
    }

    public func latestCursor() async throws -> EventCursor {
        try await cursor("SELECT coalesce(max(seq), 0) FROM outbox")
    }

    public func oldestCursor() async throws -> EventCursor {
        try await cursor("SELECT coalesce(min(seq) - 1, 0) FROM outbox")
    }

    private func cursor(_ sql: String) async throws -> EventCursor {
        let sequence = try await read("reading the events' cursor") { try Int64.fetchOne($0.cachedStatement(sql: sql)) ?? 0 }
        return EventCursor(epoch: epoch, tick: sequence, sequence: sequence)
    }
}
