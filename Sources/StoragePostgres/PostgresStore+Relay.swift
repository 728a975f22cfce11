import Domain
import Storage

extension PostgresStore: RelayStore {
    public func tick(shard: Int32) async throws -> Bool {
        let state = try await look(shard: shard)
        guard state.hasNews, !state.isLed else { return false }
        return try await makeTick(shard: shard)
    }

    public func lead(shard: Int32, as relay: String, for period: Duration) async throws -> ShardAnswer {
        let state = try await look(shard: shard)
        guard state.hasNews || state.hasUnpublished else { return .idle }
        if state.isLed, state.leader != relay { return .held(state.leasedUntil.since(state.now)) }
        // A lease that has most of its time left needs no word; without news there is nothing to write at all then.
        let isFresh = state.isLed && state.leasedUntil.since(state.now) > period * 2 / 3
        if isFresh, !state.hasNews { return .leading(state.term(of: relay), newest: state.newest, ticked: false) }
        return try await pool.transaction("leading shard \(shard)") { [self] sql in
            // The lock first, in a statement of its own: the snapshot that becomes the tick is then younger than every tick before it.
            guard var state = try ShardState.read(sql, shard, locked: true, clock: manualClock) else { return .idle }
            if state.isLed, state.leader != relay { return .held(state.leasedUntil.since(state.now)) }
            if !(state.isLed && state.leasedUntil.since(state.now) > period * 2 / 3) {
                if !state.isLed { state.termNumber += 1 }
                sql.later(
                    "UPDATE shards SET leader = $2, term = $3, leased_until = $4 WHERE id = $1",
                    [.integer(Int64(shard)), .text(relay), .integer(state.termNumber), .integer(state.now.advanced(by: period).microseconds)])
            }
            let tick = try state.makeTick(sql)
            return .leading(state.term(of: relay), newest: tick ?? state.newest, ticked: tick != nil)
        }
    }

    public func resign(_ term: RelayTerm) async throws {
        try await pool.transaction("resigning from shard \(term.shard)") { sql in
            try sql.run(
                "UPDATE shards SET leader = NULL, leased_until = 0 WHERE id = $1 AND leader = $2 AND term = $3",
                [.integer(Int64(term.shard)), .text(term.relay), .integer(term.number)])
        }
    }

    public func advance(_ term: RelayTerm, to cursor: EventCursor, count: Int, refused: [RefusedEvent]) async throws -> Bool {
        try await pool.transaction("moving the relay's cursor") { [self] sql in
            let now = try manualClock?.now() ?? sql.began
            let moved = try sql.run(
                """
                UPDATE shards SET relayed_tick = $4, relayed_seq = $5, relayed = $6,
                    relayed_count = CASE WHEN ($4, $5) = (tick, tick_end) THEN counted ELSE relayed_count + $7 END
                WHERE id = $1 AND leader = $2 AND term = $3 AND leased_until > $6 AND (relayed_tick, relayed_seq) < ($4, $5)
                """,
                [
                    .integer(Int64(term.shard)), .text(term.relay), .integer(term.number), .integer(cursor.tick), .integer(cursor.sequence),
                    .integer(now.microseconds), .integer(count),
                ])
            guard moved == 1 else { return false }
            if !refused.isEmpty {
                try sql.run(
                    """
                    INSERT INTO refused_events (shard, tick, seq, message_id, routing_key, reason, refused)
                    SELECT $1, tick, seq, message_id, routing_key, reason, $7
                    FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[]) AS j (tick, seq, message_id, routing_key, reason)
                    ON CONFLICT (shard, seq) DO NOTHING
                    """,
                    [
                        .integer(Int64(term.shard)), .integers(refused.map(\.cursor.tick)), .integers(refused.map(\.cursor.sequence)),
                        .texts(refused.map(\.messageID)), .texts(refused.map(\.routingKey)), .texts(refused.map(\.reason)),
                        .integer(now.microseconds),
                    ])
            }
            return true
        }
    }

    public func relayLag(shard: Int32) async throws -> RelayLag {
        try await read("measuring the relay's lag") { [self] sql in
            // The oldest event of the first tick that is not published, or of those that are in no tick: of later transactions, and of those that were open
            // when the newest tick was made. Indexes: ticks_place, outbox_xid.
            let row = try sql.first(
                """
                SELECT s.counted - s.relayed_count, (SELECT count(*) FROM refused_events r WHERE r.shard = s.id), \(Self.clock),
                    CASE WHEN (s.relayed_tick, s.relayed_seq) < (s.tick, s.tick_end) THEN (
                        SELECT t.first_occurred FROM ticks t WHERE t.shard = s.id AND t.id >= s.relayed_tick
                            AND (t.id > s.relayed_tick OR t.last_seq > s.relayed_seq) ORDER BY t.id LIMIT 1)
                    ELSE least(
                        (SELECT o.occurred FROM outbox o WHERE o.shard = s.id AND o.xid >= pg_snapshot_xmax(s.snapshot) ORDER BY o.xid LIMIT 1),
                        (SELECT min(o.occurred) FROM outbox o WHERE o.shard = s.id AND o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(s.snapshot)))))
                    END
                FROM shards s WHERE s.id = $1
                """,
                [.integer(Int64(shard))])
            guard let row else { throw StoreError.notFound("there is no shard \(shard)") }
            let now = manualClock?.now() ?? row.time(2)
            return RelayLag(
                events: max(0, row.int(0)), age: row.optionalTime(3).map { max(.zero, now.since($0)) } ?? .zero, refused: row.int(1))
        }
    }

    public func cursor(at time: Timestamp, shard: Int32) async throws -> EventCursor {
        let oldest = try await cursor(Self.oldest, shard: shard)
        // The tick before the first that was made then or later. Indexes: ticks_made, ticks_place.
        let found = try await cursor(
            """
            SELECT t.id, t.last_seq, d.epoch FROM ticks t CROSS JOIN deployment d WHERE t.shard = $1 AND t.id = coalesce(
                (SELECT m.id - 1 FROM ticks m WHERE m.shard = $1 AND m.made >= $2 ORDER BY m.made, m.id LIMIT 1),
                (SELECT s.tick FROM shards s WHERE s.id = $1))
            UNION ALL SELECT 0, 0, epoch FROM deployment
            ORDER BY 1 DESC LIMIT 1
            """, shard: shard, [.integer(time.microseconds)])
        return max(oldest, found)
    }

    public func refusedEvents(shard: Int32, limit: Int) async throws -> [RefusedEvent] {
        try await read("listing refused events") { sql in
            try sql.all(
                """
                SELECT r.tick, r.seq, r.message_id, r.routing_key, r.reason, d.epoch FROM refused_events r CROSS JOIN deployment d
                WHERE r.shard = $1 ORDER BY r.seq LIMIT $2
                """, [.integer(Int64(shard)), .integer(limit)]
            ).map { row in
                RefusedEvent(
                    cursor: EventCursor(epoch: row.int64(5), shard: shard, tick: row.int64(0), sequence: row.int64(1)), messageID: row.string(2),
                    routingKey: row.string(3), reason: row.string(4))
            }
        }
    }

    /// How a shard stands, locking nothing; raises the epoch first when the database has another history than before.
    func look(shard: Int32) async throws -> ShardState {
        let state = try await lookOnce(shard: shard)
        guard state.isRewound else { return state }
        let found = try await pool.transaction("noting that the database was rewound") { try DeploymentIdentity.load($0) }
        note(epoch: found.epoch)
        return try await lookOnce(shard: shard)
    }

    private func lookOnce(shard: Int32) async throws -> ShardState {
        let clock = manualClock
        let state = try await read("looking at shard \(shard)") { try ShardState.read($0, shard, locked: false, clock: clock) }
        guard let state else { throw StoreError.notFound("there is no shard \(shard)") }
        return state
    }

    /// Makes a tick, unless somebody else did or leads meanwhile.
    func makeTick(shard: Int32) async throws -> Bool {
        try await pool.transaction("making a tick") { [self] sql in
            guard let state = try ShardState.read(sql, shard, locked: true, clock: manualClock), !state.isLed else { return false }
            return try state.makeTick(sql) != nil
        }
    }
}
