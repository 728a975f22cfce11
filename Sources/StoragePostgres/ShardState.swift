import Domain
import Storage

/// How a shard stands, as one statement saw it.
struct ShardState: Sendable {
    var shard: Int32
    var epoch: Int64
    var tick: Int64
    /// The last number of the newest tick.
    var tickEnd: Int64
    var snapshot: String
    var leader: String?
    var termNumber: Int64
    var leasedUntil: Timestamp
    var relayed: EventCursor
    var now: Timestamp
    /// The database has another history than the deployment knows.
    var isRewound: Bool
    /// Events were committed that no tick shows. Not asked when the row is locked: then the tick itself finds out.
    var hasNews: Bool

    var isLed: Bool { leader != nil && leasedUntil > now }
    var newest: EventCursor { EventCursor(epoch: epoch, shard: shard, tick: tick, sequence: tickEnd) }
    var hasUnpublished: Bool { relayed < newest }

    func term(of relay: String) -> RelayTerm { RelayTerm(shard: shard, relay: relay, number: termNumber, cursor: relayed) }

    /// The newest transaction among the rows is compared, which is the last entry of the index in each partition: asked for a row beyond the snapshot, the
    /// planner expects a third of the table to be one, and reads it. Index: outbox_xid.
    private static let news = """
        coalesce((SELECT o.xid FROM outbox o WHERE o.shard = s.id ORDER BY o.xid DESC LIMIT 1) >= pg_snapshot_xmax(s.snapshot), false)
            OR EXISTS (SELECT 1 FROM outbox o WHERE o.shard = s.id AND o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(s.snapshot))))
        """

    /// - Parameter locked: takes the lock under which ticks are made; it must be the transaction's first statement, and another one makes the tick.
    static func read(_ sql: PostgresTransaction, _ shard: Int32, locked: Bool, clock: (any StoreClock)?) throws -> ShardState? {
        let row = try sql.first(statement(locked: locked), [.integer(Int64(shard))])
        return row.map { ShardState(shard, $0, clock: clock) }
    }

    static func statement(locked: Bool) -> String {
        """
        SELECT s.tick, s.tick_end, s.snapshot, s.leader, s.term, s.leased_until, s.relayed_tick, s.relayed_seq, d.epoch,
            (d.system_identifier, d.timeline) <> (\(DeploymentIdentity.lineage)), \(locked ? "false" : news), \(PostgresStore.clock)
        FROM shards s CROSS JOIN deployment d WHERE s.id = $1\(locked ? " FOR UPDATE OF s" : "")
        """
    }

    init(_ shard: Int32, _ row: PostgresRow, clock: (any StoreClock)?) {
        self.shard = shard
        tick = row.int64(0)
        tickEnd = row.int64(1)
        snapshot = row.string(2)
        leader = row.optionalString(3)
        termNumber = row.int64(4)
        leasedUntil = row.time(5)
        epoch = row.int64(8)
        relayed = EventCursor(epoch: row.int64(8), shard: shard, tick: row.int64(6), sequence: row.int64(7))
        isRewound = row.bool(9)
        hasNews = row.bool(10)
        now = clock?.now() ?? row.time(11)
    }

    /// Makes the next tick when there are events for it, and gives its end. The rows that this statement sees are those that its snapshot shows, so they can
    /// be counted as they are; this transaction itself writes none.
    ///
    /// The upper bound says nothing new to the database and everything to its planner, as above. Index: outbox_xid.
    func makeTick(_ sql: PostgresTransaction) throws -> EventCursor? {
        let row = try sql.first(
            """
            WITH news AS (
                SELECT count(*) AS events, min(e.seq) AS first_seq, max(e.seq) AS last_seq, min(e.occurred) AS first_occurred,
                    max(e.occurred) AS last_occurred
                FROM (
                    SELECT o.shard, o.seq, o.occurred FROM outbox o
                    WHERE o.xid >= pg_snapshot_xmax($2::pg_snapshot) AND o.xid < pg_snapshot_xmax(pg_current_snapshot())
                    UNION ALL
                    SELECT o.shard, o.seq, o.occurred FROM outbox o WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip($2::pg_snapshot)))) e
                WHERE e.shard = $1
            ), moved AS (
                UPDATE shards s SET tick = s.tick + 1, tick_end = n.last_seq, snapshot = pg_current_snapshot(), counted = s.counted + n.events,
                    last_seq = greatest(s.last_seq, n.last_seq)
                FROM news n WHERE s.id = $1 AND n.events > 0 RETURNING s.tick, s.snapshot
            )
            INSERT INTO ticks (shard, id, snapshot, made, events, first_seq, last_seq, first_occurred, last_occurred)
            SELECT $1, m.tick, m.snapshot, $3, n.events, n.first_seq, n.last_seq, n.first_occurred, n.last_occurred FROM moved m CROSS JOIN news n
            RETURNING id, last_seq
            """,
            [.integer(Int64(shard)), .text(snapshot), .integer(now.microseconds)])
        return row.map { EventCursor(epoch: epoch, shard: shard, tick: $0.int64(0), sequence: $0.int64(1)) }
    }
}
