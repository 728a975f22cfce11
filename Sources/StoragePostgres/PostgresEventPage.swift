import Domain
import Storage

/// What to read for one page of events: whole ticks at once, and those that are too large for it in pieces.
struct PostgresEventPage {
    private struct Tick {
        var id: Int64
        var before: String
        var snapshot: String
        var events: Int64
        var firstSequence: Int64
        var lastSequence: Int64
        var firstOccurred: Int64
        var lastOccurred: Int64
    }

    private let cursor: EventCursor
    private let limit: Int
    private var ticks: [Tick] = []
    /// There are no ticks behind the chosen ones.
    private(set) var isLast = true

    /// A batch up to this many times the page is sorted for each of its pages; a larger one is read along the index of its numbers.
    private static let largest: Int64 = 4

    private init(cursor: EventCursor, limit: Int) {
        self.cursor = cursor
        self.limit = limit
    }

    /// The end of the last of its ticks.
    var end: EventCursor? {
        ticks.last.map { EventCursor(epoch: cursor.epoch, shard: cursor.shard, tick: $0.id, sequence: $0.lastSequence) }
    }

    /// Chooses ticks behind the cursor until they fill the page; tells how the shard stands as well, in the same round trip. Index: ticks_place.
    static func find(
        after cursor: EventCursor, limit: Int, _ sql: PostgresTransaction, clock: (any StoreClock)?
    ) throws -> (shard: ShardState, page: PostgresEventPage) {
        var page = PostgresEventPage(cursor: cursor, limit: limit)
        let shard = PostgresValue.integer(Int64(cursor.shard))
        let answers = try sql.pipeline([
            (ShardState.statement(locked: false), [shard]),
            (
                """
                SELECT id, snapshot, events, first_seq, last_seq, first_occurred, last_occurred FROM ticks
                WHERE shard = $1 AND id >= $2 ORDER BY id LIMIT $3
                """,
                // Each tick but the first holds an event, so these fill the page if anything does.
                [shard, .integer(max(0, cursor.tick - 1)), .integer(limit + 2)]
            ),
        ])
        guard let row = answers[0].first else { throw StoreError.notFound("there is no shard \(cursor.shard)") }
        let state = ShardState(cursor.shard, row, clock: clock)
        guard cursor.epoch == state.epoch else {
            throw StoreError.conflict(
                "the cursor \(cursor) belongs to another epoch than \(state.epoch): read again from the oldest or the newest event")
        }
        try page.choose(answers[1])
        return (state, page)
    }

    private mutating func choose(_ rows: [PostgresRow]) throws {
        guard var before = rows.first else { return }
        // The tick of the cursor may be the oldest that is kept, if the cursor is at its end.
        guard before.int64(0) < cursor.tick || before.int64(0) == cursor.tick && cursor.sequence >= before.int64(4) else {
            throw StoreError.conflict("the events behind the cursor \(cursor) are not kept any more: read from the oldest that are kept")
        }
        isLast = rows.count < limit + 2
        var wanted = Int64(limit)
        for row in rows.dropFirst() {
            defer { before = row }
            if row.int64(0) < cursor.tick || row.int64(0) == cursor.tick && row.int64(4) <= cursor.sequence { continue }
            guard wanted > 0 else {
                isLast = false
                return
            }
            let tick = Tick(
                id: row.int64(0), before: before.string(1), snapshot: row.string(1), events: row.int64(2), firstSequence: row.int64(3),
                lastSequence: row.int64(4), firstOccurred: row.int64(5), lastOccurred: row.int64(6))
            ticks.append(tick)
            // Of the cursor's own tick an unknown part is read already.
            if tick.id != cursor.tick { wanted -= tick.events }
        }
    }

    func read(_ sql: PostgresTransaction, epoch: Int64) throws -> [EventRecord] {
        var records: [EventRecord] = []
        var rest = ticks[...]
        while records.count < limit, let first = rest.first {
            if isLarge(first) {
                records += try readPiece(of: first, limit - records.count, sql, epoch: epoch)
                rest = rest.dropFirst()
            } else {
                let whole = rest.prefix { !isLarge($0) }
                records += try readWhole(whole, limit - records.count, sql, epoch: epoch)
                rest = rest.dropFirst(whole.count)
            }
        }
        return records
    }

    private func isLarge(_ tick: Tick) -> Bool { tick.events > Int64(limit) * Self.largest }

    /// Index: outbox_xid, for the range between two snapshots and for the few transactions that were open in the older one.
    private func readWhole(_ whole: ArraySlice<Tick>, _ count: Int, _ sql: PostgresTransaction, epoch: Int64) throws -> [EventRecord] {
        try sql.all(
            """
            SELECT \(EventRecord.columns), k.tick
            FROM unnest($2::bigint[], $3::pg_snapshot[], $4::pg_snapshot[], $5::bigint[], $6::bigint[])
                AS k (tick, before, snapshot, first_occurred, last_occurred)
            CROSS JOIN LATERAL (
                SELECT * FROM outbox o WHERE o.xid >= pg_snapshot_xmax(k.before) AND o.xid < pg_snapshot_xmax(k.snapshot)
                    AND o.occurred BETWEEN k.first_occurred AND k.last_occurred
                UNION ALL
                SELECT * FROM outbox o WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(k.before)))
                    AND o.occurred BETWEEN k.first_occurred AND k.last_occurred) o
            WHERE o.shard = $1 AND pg_visible_in_snapshot(o.xid, k.snapshot) AND (k.tick > $7 OR o.seq > $8)
            ORDER BY k.tick, o.seq LIMIT $9
            """,
            [
                .integer(Int64(cursor.shard)), .integers(whole.map(\.id)), .texts(whole.map(\.before)), .texts(whole.map(\.snapshot)),
                .integers(whole.map(\.firstOccurred)), .integers(whole.map(\.lastOccurred)), .integer(cursor.tick), .integer(cursor.sequence),
                .integer(count),
            ]
        ).map { try EventRecord(stored: $0, epoch: epoch, shard: cursor.shard, tick: $0.int64(10)) }
    }

    /// Index: outbox_seq, between the numbers that the batch has.
    private func readPiece(of tick: Tick, _ count: Int, _ sql: PostgresTransaction, epoch: Int64) throws -> [EventRecord] {
        let start = tick.id == cursor.tick ? max(cursor.sequence, tick.firstSequence - 1) : tick.firstSequence - 1
        return try sql.all(
            """
            SELECT \(EventRecord.columns) FROM outbox o
            WHERE o.shard = $1 AND o.seq > $2 AND o.seq <= $3 AND o.occurred BETWEEN $4 AND $5
                AND pg_visible_in_snapshot(o.xid, $7::pg_snapshot) AND NOT pg_visible_in_snapshot(o.xid, $6::pg_snapshot)
            ORDER BY o.seq LIMIT $8
            """,
            [
                .integer(Int64(cursor.shard)), .integer(start), .integer(tick.lastSequence), .integer(tick.firstOccurred),
                .integer(tick.lastOccurred), .text(tick.before), .text(tick.snapshot), .integer(count),
            ]
        ).map { try EventRecord(stored: $0, epoch: epoch, shard: cursor.shard, tick: tick.id) }
    }
}
