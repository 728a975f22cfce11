import Domain
import Storage

// Sequences commit out of order, and the numbers of transactions begin out of order: an event is read when the difference of two snapshots shows it. Ticks are
// snapshots; the events of tick N are those visible in it and not in tick N-1, in the order of their numbers (DESIGN §5).
extension PostgresStore: OutboxStore {
    public func events(after cursor: EventCursor, limit: Int) async throws -> [EventRecord] {
        let clock = manualClock
        let (shard, records) = try await read("reading events") { sql in
            var (place, records) = (cursor, [EventRecord]())
            while true {
                let wanted = limit - records.count
                let (shard, page) = try PostgresEventPage.find(after: place, limit: wanted, sql, clock: clock)
                records += try page.read(sql, epoch: shard.epoch)
                // Fewer than were asked for is the end. At the edge of what is kept, ticks hold fewer events than they had.
                guard records.count < limit, !page.isLast, let end = page.end else { return (shard, records) }
                place = end
            }
        }
        note(epoch: shard.epoch)
        // Readers make ticks only where no relay does: a leader makes them for all.
        guard records.count < limit, shard.hasNews, !shard.isLed, try await makeTick(shard: cursor.shard) else { return records }
        return try await records + events(after: records.last?.cursor ?? cursor, limit: limit - records.count)
    }

    public func latestCursor() async throws -> EventCursor {
        _ = try await tick(shard: 0)
        return try await cursor("SELECT s.tick, s.tick_end, d.epoch FROM shards s CROSS JOIN deployment d WHERE s.id = $1", shard: 0)
    }

    public func oldestCursor() async throws -> EventCursor {
        try await cursor(Self.oldest, shard: 0)
    }

    /// The end of the oldest tick: without the one before it, its own batch cannot be read any more. Index: ticks_place.
    static let oldest = """
        SELECT t.id, t.last_seq, d.epoch FROM ticks t CROSS JOIN deployment d WHERE t.shard = $1 ORDER BY t.id LIMIT 1
        """

    func cursor(_ statement: String, shard: Int32, _ more: [PostgresValue] = []) async throws -> EventCursor {
        let cursor = try await read("reading a cursor") { sql in
            guard let row = try sql.first(statement, [.integer(Int64(shard))] + more) else {
                throw StoreError.notFound("there is no shard \(shard)")
            }
            return EventCursor(epoch: row.int64(2), shard: shard, tick: row.int64(0), sequence: row.int64(1))
        }
        note(epoch: cursor.epoch)
        return cursor
    }

    /// Another process may have raised the epoch.
    func note(epoch: Int64) {
        identity.withLock { $0.epoch = max($0.epoch, epoch) }
    }
}
