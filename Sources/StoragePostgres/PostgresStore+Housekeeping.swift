import Domain
import Storage

/// Retention without deleting rows: days come and go as partitions.
extension PostgresStore {
    /// Days that are made ahead, so that one that begins finds its partition there, and goes on doing so while nobody keeps house for some days.
    private static let ahead: Int64 = 4
    /// How many rows of a plain table are forgotten in one transaction.
    private static let piece: Int64 = 5000
    /// How long answers to repeats are kept (rule 6).
    private static let longestRepeat: Duration = .seconds(7 * 86_400)

    public func keepHouse(retention: Duration) async throws -> HousekeepingReport {
        let now = try await now()
        try await makePartitions(from: now, days: Self.ahead)
        let cutoff = now.advanced(by: .zero - retention)
        var report = HousekeepingReport()
        // The events before their ticks: a tick without events is waste, events without a tick cannot be read. Oldest first, so that no gap comes to be.
        for table in [DayPartition.Table.outbox, .ticks] {
            for partition in try await partitions(of: table) where partition.end <= cutoff {
                guard try await drop(partition, &report) else { break }
            }
            guard report.kept.isEmpty, report.busy.isEmpty else { break }
        }
        try await forgetAnswers(before: now.advanced(by: .zero - Self.longestRepeat))
        try await forgetDeliveries(before: now.advanced(by: .zero - DeliveryBounds.kept))
        return report
    }

    /// Makes the partitions of a day and of those after it.
    func makePartitions(from now: Timestamp, days: Int64) async throws {
        for table in DayPartition.Table.allCases {
            let made = Set(try await partitions(of: table).map(\.day))
            let today = DayPartition(table, at: now).day
            for day in today..<today + days where !made.contains(day) { try await make(DayPartition(table: table, day: day)) }
        }
    }

    private func partitions(of table: DayPartition.Table) async throws -> [DayPartition] {
        try await read("listing partitions") { sql in
            try sql.all(
                "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass",
                [.text(table.rawValue)]
            ).compactMap { DayPartition(table, name: $0.string(0)) }.sorted { $0.day < $1.day }
        }
    }

    /// Made beside the table and then attached: a table that is in use is never locked against its readers and writers for long. What the default partition
    /// already took of that day stays there, and so does the day.
    private func make(_ partition: DayPartition) async throws {
        let (name, parent, column) = (partition.name, partition.table.rawValue, partition.table.column)
        let (from, to) = (partition.start.microseconds, partition.end.microseconds)
        try await pool.transaction("making the partition \(name)") { sql in
            _ = try sql.pipeline([("SELECT pg_advisory_xact_lock(1685021554, 4)", []), ("SET LOCAL lock_timeout = '2s'", [])])
            let state = try sql.first(
                """
                SELECT to_regclass($1) IS NULL AND NOT EXISTS (SELECT 1 FROM \(parent)_default WHERE \(column) >= $2 AND \(column) < $3)
                """, [.text(name), .integer(from), .integer(to)])
            guard state?.bool(0) == true else { return }
            // The names and numbers are ours; statements that define things take no parameters.
            _ = try sql.pipeline([
                ("CREATE TABLE \(name) (LIKE \(parent) INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION)", []),
                ("ALTER TABLE \(name) ADD CONSTRAINT \(name)_range CHECK (\(column) >= \(from) AND \(column) < \(to))", []),
                ("ALTER TABLE \(parent) ATTACH PARTITION \(name) FOR VALUES FROM (\(from)) TO (\(to))", []),
            ])
        }
    }

    /// Drops a partition that nobody has yet to read, in one transaction with finding that out; false when it stays.
    private func drop(_ partition: DayPartition, _ report: inout HousekeepingReport) async throws -> Bool {
        do {
            let isDropped = try await pool.transaction("dropping \(partition.name)") { sql in
                // Of several that keep house one works. Locks are waited for briefly, since everybody else waits behind.
                _ = try sql.pipeline([("SET LOCAL lock_timeout = '250ms'", []), ("SELECT pg_advisory_xact_lock(1685021554, 4)", [])])
                guard try sql.first("SELECT to_regclass($1) IS NOT NULL", [.text(partition.name)])?.bool(0) == true else { return true }
                guard try Self.isPassed(partition, sql) else { return false }
                if partition.table == .ticks { try Self.dropTicks(partition, sql) } else { try Self.detach(partition, sql) }
                return true
            }
            if isDropped { report.dropped.append(partition.name) } else { report.kept.append(partition.name) }
            return isDropped
        } catch StoreError.unavailable {
            report.busy.append(partition.name)
            return false
        }
    }

    /// The newest tick that a shard has published whole; `null` where there has never been a broker, and nothing waits for one.
    private static let passed = """
        CASE WHEN s.relayed IS NULL THEN NULL WHEN (s.relayed_tick, s.relayed_seq) < (s.tick, s.tick_end) THEN s.relayed_tick - 1 ELSE s.tick END
        """

    /// Who has yet to read the events after a tick: the relay of each shard, and every subscriber.
    private static let readers = """
        SELECT s.id AS shard, \(passed) AS passed FROM shards s WHERE s.relayed IS NOT NULL
        UNION ALL
        SELECT u.shard, CASE WHEN t.last_seq <= u.seq THEN u.tick ELSE u.tick - 1 END
        FROM subscribers u LEFT JOIN ticks t ON t.shard = u.shard AND t.id = u.tick
        """

    private static func isPassed(_ partition: DayPartition, _ sql: PostgresTransaction) throws -> Bool {
        switch partition.table {
        case .outbox:
            // Index: outbox_xid, from the oldest transaction that the tick before the cursor does not show.
            try sql.first(
                """
                SELECT NOT EXISTS (
                    SELECT 1 FROM (\(readers)) r LEFT JOIN ticks t ON t.shard = r.shard AND t.id = r.passed
                    CROSS JOIN LATERAL (
                        SELECT 1 FROM \(partition.name) o WHERE o.shard = r.shard AND o.xid >= coalesce(pg_snapshot_xmin(t.snapshot), '1')
                            AND NOT coalesce(pg_visible_in_snapshot(o.xid, t.snapshot), false) ORDER BY o.xid LIMIT 1) unread)
                """)?.bool(0) ?? false
        case .ticks:
            // Index: ticks_place.
            try sql.first(
                "SELECT NOT EXISTS (SELECT 1 FROM (\(readers)) r JOIN \(partition.name) t ON t.shard = r.shard AND t.id > r.passed)")?.bool(0)
                ?? false
        case .logChunks: false
        }
    }

    /// The last tick of what is dropped is what the next batch differs from: it stays, without a batch of its own, at the begin of the day after. The bases
    /// before it go. Index: ticks_place.
    private static func dropTicks(_ partition: DayPartition, _ sql: PostgresTransaction) throws {
        let bases = try sql.all(
            """
            SELECT s.id, t.id, t.snapshot, t.last_seq FROM shards s CROSS JOIN LATERAL (
                SELECT * FROM \(partition.name) t WHERE t.shard = s.id ORDER BY t.id DESC LIMIT 1) t
            """)
        try detach(partition, sql)
        for base in bases {
            let place: [PostgresValue] = [.integer(base.int64(0)), .integer(base.int64(1))]
            _ = try sql.pipeline([
                ("DELETE FROM ticks WHERE shard = $1 AND id <= $2", place),
                (
                    """
                    INSERT INTO ticks (shard, id, snapshot, made, events, first_seq, last_seq, first_occurred, last_occurred)
                    VALUES ($1, $2, $3::pg_snapshot, $4, 0, $5, $5, 0, 0)
                    """, place + [.text(base.string(2)), .integer(partition.end.microseconds), .integer(base.int64(3))]
                ),
            ])
        }
    }

    private static func detach(_ partition: DayPartition, _ sql: PostgresTransaction) throws {
        _ = try sql.pipeline([
            ("ALTER TABLE \(partition.table.rawValue) DETACH PARTITION \(partition.name)", []), ("DROP TABLE \(partition.name)", []),
        ])
    }

    private func forgetAnswers(before time: Timestamp) async throws {
        // Index: idempotency_age.
        var forgotten = Self.piece
        while forgotten == Self.piece {
            forgotten = try await pool.transaction("forgetting old answers to repeats") { sql in
                Int64(
                    try sql.run(
                        """
                        DELETE FROM idempotency WHERE (principal, route, key) IN (
                            SELECT principal, route, key FROM idempotency WHERE created < $1 ORDER BY created LIMIT $2)
                        """, [.integer(time.microseconds), .integer(Self.piece)]))
            }
        }
    }

    private func forgetDeliveries(before time: Timestamp) async throws {
        // Index: deliveries_age. What an intake forgets just now, over the bounds of its source, it need not wait for.
        var forgotten = Self.piece
        while forgotten == Self.piece {
            forgotten = try await pool.transaction("forgetting old deliveries") { sql in
                Int64(
                    try sql.run(
                        """
                        DELETE FROM deliveries WHERE id IN (
                            SELECT id FROM deliveries WHERE received < $1 ORDER BY received LIMIT $2 FOR UPDATE SKIP LOCKED)
                        """, [.integer(time.microseconds), .integer(Self.piece)]))
            }
        }
    }
}
