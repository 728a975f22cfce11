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
        // The events before their ticks: a tick without events is waste, events without a tick cannot be read.
        for partition in try await partitions(of: .outbox) where partition.end <= cutoff {
            if try await isPublished(partition) {
                try await drop(partition, of: .outbox, &report)
            } else {
                report.kept.append(partition.name)
            }
        }
        for partition in try await partitions(of: .ticks) where partition.end <= cutoff && report.kept.isEmpty {
            if try await isPassed(partition) { try await drop(partition, of: .ticks, &report) }
        }
        try await forgetAnswers(before: now.advanced(by: .zero - Self.longestRepeat))
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
                "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass ORDER BY 1",
                [.text(table.rawValue)]
            ).compactMap { DayPartition(table, name: $0.string(0)) }
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

    /// Every row of it lies before the cursor of its shard, where there has ever been a broker. Index: outbox_xid, from the oldest transaction that the tick
    /// before the cursor does not show.
    private func isPublished(_ partition: DayPartition) async throws -> Bool {
        try await read("looking whether \(partition.name) is published") { sql in
            try sql.first(
                """
                SELECT NOT EXISTS (
                    SELECT 1 FROM shards s LEFT JOIN ticks t ON t.shard = s.id
                        AND t.id = s.relayed_tick - CASE WHEN (s.relayed_tick, s.relayed_seq) < (s.tick, s.tick_end) THEN 1 ELSE 0 END
                    CROSS JOIN LATERAL (
                        SELECT 1 FROM \(partition.name) o WHERE o.shard = s.id AND o.xid >= coalesce(pg_snapshot_xmin(t.snapshot), '1')
                            AND NOT coalesce(pg_visible_in_snapshot(o.xid, t.snapshot), false) ORDER BY o.xid LIMIT 1) unpublished
                    WHERE s.relayed IS NOT NULL)
                """)?.bool(0) ?? false
        }
    }

    /// No cursor needs a tick of it. Index: ticks_place.
    private func isPassed(_ partition: DayPartition) async throws -> Bool {
        try await read("looking whether \(partition.name) is needed") { sql in
            try sql.first(
                """
                SELECT NOT EXISTS (SELECT 1 FROM \(partition.name) t JOIN shards s ON s.id = t.shard
                    WHERE t.id >= CASE WHEN s.relayed IS NULL THEN s.tick ELSE least(s.relayed_tick - 1, s.tick) END)
                """)?.bool(0) ?? false
        }
    }

    private func drop(_ partition: DayPartition, of table: DayPartition.Table, _ report: inout HousekeepingReport) async throws {
        do {
            try await pool.transaction("dropping \(partition.name)") { sql in
                // The lock is waited for briefly, since everybody else waits behind it.
                _ = try sql.pipeline([
                    ("SET LOCAL lock_timeout = '250ms'", []),
                    ("ALTER TABLE \(table.rawValue) DETACH PARTITION \(partition.name)", []), ("DROP TABLE \(partition.name)", []),
                ])
            }
            report.dropped.append(partition.name)
        } catch StoreError.unavailable {
            report.busy.append(partition.name)
        }
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
}
