import Domain
import Storage

/// Which deployment the database belongs to, and which of its histories this is (DESIGN §5).
///
/// A restore or the promotion of a standby that lagged takes back state that was published. Both show: a restored database has another system identifier, a
/// promoted or recovered one goes on in another timeline of the log. Then the epoch is raised, in one transaction with the event that says so.
struct DeploymentIdentity: Sendable {
    var id: String
    var epoch: Int64

    /// The system identifier and the timeline of the server. The log file that is being written names the timeline at once; pg_control_checkpoint() only
    /// knows it after the first checkpoint.
    static let lineage = """
        (SELECT system_identifier FROM pg_control_system()), ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint
        """

    /// Reads the identity, makes it in a new database, and raises the epoch when this is another history. Of several processes that see it one raises.
    static func load(_ sql: PostgresTransaction) throws -> DeploymentIdentity {
        guard let server = try sql.first("SELECT \(lineage), \(PostgresStore.clock)") else {
            throw StoreError.internalError("the server does not say what it is")
        }
        let (system, timeline, now) = (server.int64(0), server.int64(1), server.int64(2))
        try sql.run(
            """
            INSERT INTO deployment (id, epoch, system_identifier, timeline, created) VALUES ($1, 1, $2, $3, $4) ON CONFLICT (one) DO NOTHING
            """,
            [.text(ChainID.random().rawValue), .integer(system), .integer(timeline), .integer(now)])
        // The lock makes one of many the one that raises.
        guard let row = try sql.first("SELECT id, epoch, system_identifier, timeline FROM deployment FOR UPDATE") else {
            throw StoreError.internalError("the deployment has no identity")
        }
        var identity = DeploymentIdentity(id: row.string(0), epoch: row.int64(1))
        let (knownSystem, knownTimeline) = (row.int64(2), row.int64(3))
        guard (system, timeline) != (knownSystem, knownTimeline) else { return identity }
        if system != knownSystem {
            // A service whose role may not do this leaves it to the relay.
            guard try sql.first("SELECT has_table_privilege('outbox', 'UPDATE') AND has_table_privilege('ticks', 'DELETE')")?.bool(0) == true else {
                return identity
            }
            try forgetTransactionNumbers(sql, now: now)
        }
        try sql.run(
            "UPDATE deployment SET epoch = epoch + 1, system_identifier = $1, timeline = $2", [.integer(system), .integer(timeline)])
        identity.epoch += 1
        try identity.tell(
            system != knownSystem
                ? "the database was restored on another server" : "the database went on from timeline \(knownTimeline) in timeline \(timeline)",
            sql, now: now)
        return identity
    }

    /// The first event of the new epoch. Its version counts the rewinds, which is what raised the epoch from 1.
    private func tell(_ reason: String, _ sql: PostgresTransaction, now: Int64) throws {
        let fact = DeploymentFact(deployment: id, epoch: epoch, previousEpoch: epoch - 1, reason: reason)
        let draft = EventDraft(
            .deploymentRewound, entity: .deployment, id: 1, chain: EventChain(id: .random()), data: .deployment(fact))
        PostgresStoreTransaction.insert([try OutboxRow(PendingEvent(draft), version: epoch - 1)], at: now, sql)
    }

    /// After a dump and a restore, the transaction numbers of the rows are those of another server, and its snapshots say nothing about ours. What was
    /// published is a matter of the old ones still; then all rows are set to a number that every snapshot shows, and the ticks begin anew.
    private static func forgetTransactionNumbers(_ sql: PostgresTransaction, now: Int64) throws {
        for shard in try sql.all("SELECT id, tick, relayed_tick, relayed_seq, last_seq FROM shards ORDER BY id FOR UPDATE") {
            // Rows beyond `last_seq` are in no tick: they were never published, or are being written here already, so the cursor stays before all of them.
            let unpublished = try sql.first(
                """
                SELECT min(o.seq) FROM outbox o
                WHERE o.shard = $1 AND (o.seq > $4 OR NOT coalesce(
                    pg_visible_in_snapshot(o.xid, (SELECT snapshot FROM ticks WHERE shard = $1 AND id = $2::bigint - 1))
                    OR (pg_visible_in_snapshot(o.xid, (SELECT snapshot FROM ticks WHERE shard = $1 AND id = $2::bigint)) AND o.seq <= $3), false))
                """,
                [.integer(shard.int64(0)), .integer(shard.int64(2)), .integer(shard.int64(3)), .integer(shard.int64(4))])?.optionalInt64(0)
            let base = shard.int64(1) + 1
            _ = try sql.pipeline([
                ("DELETE FROM ticks WHERE shard = $1", [.integer(shard.int64(0))]),
                ("INSERT INTO ticks VALUES ($1, $2::bigint, '1:1:', $3, 0, 0, 0, 0, 0)", [.integer(shard.int64(0)), .integer(base), .integer(now)]),
                (
                    """
                    UPDATE shards SET tick = $2::bigint, snapshot = '1:1:', tick_end = 0, counted = 0, leader = NULL, term = term + 1,
                        leased_until = 0, relayed_tick = $2::bigint + 1, relayed_seq = $3::bigint,
                        relayed_count = (SELECT count(*) FROM outbox WHERE shard = $1 AND seq <= $3::bigint)
                    WHERE id = $1
                    """,
                    [.integer(shard.int64(0)), .integer(base), .integer(min(unpublished.map { $0 - 1 } ?? .max, shard.int64(4)))]
                ),
            ])
        }
        // The one thing that the outbox lets anybody change; a week of events may take its time.
        _ = try sql.pipeline([("SET LOCAL statement_timeout = 0", []), ("UPDATE outbox SET xid = '1' WHERE xid <> '1'", [])])
    }
}
