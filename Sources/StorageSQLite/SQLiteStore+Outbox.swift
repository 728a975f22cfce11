import Domain
import GRDB
import Storage

// One writer: the order of the sequence is the order of the commits, so the tick of an event is its sequence.
extension SQLiteStore: OutboxStore {
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
                sql: """
                    SELECT seq, message_id, event, entity, entity_id, entity_version, routing_key, occurred, chain, data
                    FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?
                    """)
            var records: [EventRecord] = []
            let rows = try Row.fetchCursor(statement, arguments: [cursor.sequence, limit])
            while let row = try rows.next() {
                guard let kind = EventKind(rawValue: row[2]), let entity = EntityKind(rawValue: row[3]) else {
                    throw StoreError.internalError("event \(row[0] as Int64) has a kind that this program does not know")
                }
                records.append(
                    EventRecord(
                        cursor: EventCursor(epoch: epoch, tick: row[0], sequence: row[0]), messageID: row[1], kind: kind, entity: entity,
                        entityID: row[4], entityVersion: row[5], routingKey: row[6], occurred: Timestamp(microseconds: row[7]), chain: row[8],
                        data: row[9]))
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
