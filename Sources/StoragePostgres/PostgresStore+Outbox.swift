import Domain
import Storage

// Sequences commit out of order, and the numbers of transactions begin out of order: an event is read when the difference of two snapshots shows it. Ticks are
// snapshots; the events of tick N are those visible in it and not in tick N-1, in the order of their numbers (DESIGN §5).
extension PostgresStore: OutboxStore {
    /// Rows that tick `t` shows and tick `p` does not. Index: outbox_xid, for the range between the snapshots and for the few that were open in the older.
    static let batchOfTick = """
        FROM ticks t JOIN ticks p ON p.shard = t.shard AND p.id = t.id - 1
        CROSS JOIN LATERAL (
            SELECT * FROM outbox o WHERE o.xid >= pg_snapshot_xmax(p.snapshot) AND o.xid < pg_snapshot_xmax(t.snapshot)
            UNION ALL
            SELECT * FROM outbox o WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(p.snapshot)))
        ) e
        """
    static let isShown = "pg_visible_in_snapshot(e.xid, t.snapshot)"

    public func events(after cursor: EventCursor, limit: Int) async throws -> [EventRecord] {
        let epoch = epoch
        guard cursor.epoch == epoch, cursor.shard == 0 else {
            throw StoreError.conflict(
                "the cursor \(cursor) belongs to another epoch or shard than \(epoch)-0: read again from the oldest or the newest event")
        }
        _ = try await tick(shard: cursor.shard)
        return try await read("reading events") { sql in
            var records: [EventRecord] = []
            var (tick, after) = (cursor.tick, cursor.sequence)
            let newest = try sql.first("SELECT tick FROM shards WHERE id = $1", [.integer(Int64(cursor.shard))])?.int64(0) ?? 0
            while records.count < limit, tick <= newest {
                let rows = try sql.all(
                    """
                    SELECT e.seq, e.message_id, e.event, e.entity, e.entity_id, e.entity_version, e.routing_key, e.occurred, e.chain, e.data
                    \(Self.batchOfTick)
                    WHERE t.shard = $1 AND t.id = $2 AND \(Self.isShown) AND e.shard = $1 AND e.seq > $3 ORDER BY e.seq LIMIT $4
                    """,
                    [.integer(Int64(cursor.shard)), .integer(tick), .integer(after), .integer(limit - records.count)])
                records += try rows.map { try EventRecord(stored: $0, epoch: epoch, tick: tick) }
                if records.count < limit {
                    tick += 1
                    after = 0
                }
            }
            return records
        }
    }

    public func latestCursor() async throws -> EventCursor {
        _ = try await tick(shard: 0)
        let epoch = epoch
        return try await read("reading the newest cursor") { sql in
            let tick = try sql.first("SELECT tick FROM shards WHERE id = 0")?.int64(0) ?? 0
            return EventCursor(epoch: epoch, tick: tick, sequence: .max)
        }
    }

    public func oldestCursor() async throws -> EventCursor {
        let epoch = epoch
        return try await read("reading the oldest cursor") { sql in
            let tick = try sql.first("SELECT min(id) FROM ticks WHERE shard = 0")?.int64(0) ?? 0
            return EventCursor(epoch: epoch, tick: tick, sequence: .max)
        }
    }
}

extension PostgresStore: RelayStore {
    public func tick(shard: Int32) async throws -> Bool {
        let id = PostgresValue.integer(Int64(shard))
        // Usually nothing is new, and then nothing is locked: everything that is committed is shown by the newest tick.
        let isNew = try await read("looking for new events") { sql in
            try sql.first(
                """
                SELECT EXISTS (SELECT 1 FROM outbox o WHERE o.xid >= pg_snapshot_xmin(t.snapshot) AND NOT pg_visible_in_snapshot(o.xid, t.snapshot))
                FROM shards s JOIN ticks t ON t.shard = s.id AND t.id = s.tick WHERE s.id = $1
                """, [id])?.bool(0) ?? false
        }
        guard isNew else { return false }
        return try await pool.transaction("making a tick") { sql in
            // The lock first, in a statement of its own: the snapshot that becomes the tick is then younger than every tick before it.
            guard let row = try sql.first("SELECT tick FROM shards WHERE id = $1 FOR UPDATE", [id]) else { return false }
            let next = PostgresValue.integer(row.int64(0) + 1)
            _ = try sql.pipeline([
                ("INSERT INTO ticks (shard, id, snapshot, made) VALUES ($1, $2, pg_current_snapshot(), \(PostgresStore.clock))", [id, next]),
                ("UPDATE shards SET tick = $2 WHERE id = $1", [id, next]),
            ])
            return true
        }
    }

    public func lead(shard: Int32, as relay: String, for period: Duration) async throws -> RelayTerm? {
        let epoch = epoch
        return try await pool.transaction("leading shard \(shard)") { [self] sql in
            let now = try manualClock?.now() ?? sql.began
            let row = try sql.first(
                """
                UPDATE shards SET term = CASE WHEN leader = $2 AND leased_until > $3 THEN term ELSE term + 1 END, leader = $2, leased_until = $4
                WHERE id = $1 AND (leader = $2 OR leader IS NULL OR leased_until <= $3) RETURNING term, relayed_tick, relayed_seq
                """,
                [.integer(Int64(shard)), .text(relay), .integer(now.microseconds), .integer(now.advanced(by: period).microseconds)])
            return row.map {
                RelayTerm(
                    shard: shard, relay: relay, number: $0.int64(0),
                    cursor: EventCursor(epoch: epoch, shard: shard, tick: $0.int64(1), sequence: $0.int64(2)))
            }
        }
    }

    public func resign(shard: Int32, as relay: String) async throws {
        try await pool.transaction("resigning from shard \(shard)") { sql in
            try sql.run("UPDATE shards SET leader = NULL, leased_until = 0 WHERE id = $1 AND leader = $2", [.integer(Int64(shard)), .text(relay)])
        }
    }

    public func advance(_ term: RelayTerm, to cursor: EventCursor, refused: [RefusedEvent]) async throws -> Bool {
        try await pool.transaction("moving the relay's cursor") { [self] sql in
            let now = try manualClock?.now() ?? sql.began
            let moved = try sql.run(
                """
                UPDATE shards SET relayed_tick = $4, relayed_seq = $5
                WHERE id = $1 AND leader = $2 AND term = $3 AND leased_until > $6 AND (relayed_tick, relayed_seq) <= ($4, $5)
                """,
                [
                    .integer(Int64(term.shard)), .text(term.relay), .integer(term.number), .integer(cursor.tick), .integer(cursor.sequence),
                    .integer(now.microseconds),
                ])
            guard moved == 1 else { return false }
            if !refused.isEmpty {
                try sql.run(
                    """
                    INSERT INTO refused_events (shard, seq, message_id, routing_key, reason, refused)
                    SELECT $1, seq, message_id, routing_key, reason, $6
                    FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) AS j (seq, message_id, routing_key, reason)
                    ON CONFLICT DO NOTHING
                    """,
                    [
                        .integer(Int64(term.shard)), .integers(refused.map(\.event.cursor.sequence)), .texts(refused.map(\.event.messageID)),
                        .texts(refused.map(\.event.routingKey)), .texts(refused.map(\.reason)), .integer(now.microseconds),
                    ])
            }
            return true
        }
    }

    public func relayLag(shard: Int32) async throws -> RelayLag {
        let now = try await now()
        return try await read("measuring the relay's lag") { sql in
            // Bounded: nobody needs to know whether it is a hundred thousand or a million.
            let row = try sql.first(
                """
                SELECT count(*), min(occurred), (SELECT count(*) FROM refused_events WHERE shard = $1) FROM (
                    SELECT o.occurred FROM shards s JOIN ticks t ON t.shard = s.id AND t.id = s.relayed_tick
                    JOIN outbox o ON o.xid >= pg_snapshot_xmin(t.snapshot) AND NOT pg_visible_in_snapshot(o.xid, t.snapshot)
                    WHERE s.id = $1 LIMIT 100000) waiting
                """,
                [.integer(Int64(shard))])
            let oldest = row?.optionalTime(1)
            return RelayLag(events: row?.int(0) ?? 0, age: oldest.map { max(.zero, now.since($0)) } ?? .zero, refused: row?.int(2) ?? 0)
        }
    }
}
