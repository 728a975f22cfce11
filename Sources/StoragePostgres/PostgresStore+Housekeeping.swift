import Domain
import Foundation
import Storage

/// Retention without deleting rows: days come and go as partitions.
extension PostgresStore {
    /// Days that are made ahead, so that one that begins finds its partition there.
    private static let ahead = 3
    private static let day: Int64 = 86_400_000_000

    public func keepHouse(retention: Duration) async throws -> HousekeepingReport {
        let today = try await now().microseconds / Self.day
        for parent in ["outbox", "log_chunks"] {
            for day in today...today + Int64(Self.ahead) { try await makePartition(of: parent, day: day) }
        }
        let oldest = today - retention.microseconds / Self.day
        var report = HousekeepingReport(dropped: [], kept: [])
        for partition in try await partitions(of: "outbox") where partition.day < oldest {
            if try await isPublished(partition.name) {
                try await drop(partition.name, of: "outbox")
                report.dropped.append(partition.name)
            } else {
                report.kept.append(partition.name)
            }
        }
        try await pool.transaction("forgetting old answers to repeats") { [self] sql in
            let now = try manualClock?.now() ?? sql.began
            // Index: idempotency_age.
            try sql.run("DELETE FROM idempotency WHERE created < $1", [.integer(now.advanced(by: .seconds(-7 * 86_400)).microseconds)])
        }
        return report
    }

    private struct Partition: Sendable {
        var name: String
        /// Days since 1970.
        var day: Int64
    }

    private func partitions(of parent: String) async throws -> [Partition] {
        let prefix = parent + "_d"
        return try await read("listing partitions") { sql in
            try sql.all(
                "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass", [.text(parent)]
            ).compactMap { row in
                let name = row.string(0)
                return name.hasPrefix(prefix) ? Int64(name.dropFirst(prefix.count)).map { Partition(name: name, day: $0) } : nil
            }
        }
    }

    /// Made beside the table and then attached: a table that is in use is never locked against its readers and writers for long. What the default partition
    /// already took of that day stays there, and so does the day.
    private func makePartition(of parent: String, day: Int64) async throws {
        let (name, from, to) = ("\(parent)_d\(day)", day * Self.day, (day + 1) * Self.day)
        let column = parent == "outbox" ? "occurred" : "made"
        try await pool.transaction("making the partition \(name)") { sql in
            _ = try sql.pipeline([("SELECT pg_advisory_xact_lock(1685021554, 4)", []), ("SET LOCAL lock_timeout = '2s'", [])])
            let isThere = try sql.first("SELECT to_regclass($1) IS NOT NULL", [.text(name)])?.bool(0) ?? true
            guard !isThere else { return }
            let isTaken = try sql.first(
                "SELECT EXISTS (SELECT 1 FROM \(parent)_default WHERE \(column) >= $1 AND \(column) < $2)", [.integer(from), .integer(to)])
            guard isTaken?.bool(0) == false else { return }
            // The names and numbers are ours; statements that define things take no parameters.
            try sql.run("CREATE TABLE \(name) (LIKE \(parent) INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION)")
            try sql.run("ALTER TABLE \(name) ADD CONSTRAINT \(name)_range CHECK (\(column) >= \(from) AND \(column) < \(to))")
            try sql.run("ALTER TABLE \(parent) ATTACH PARTITION \(name) FOR VALUES FROM (\(from)) TO (\(to))")
        }
    }

    /// Everything in it is shown by the tick up to which every shard is published.
    private func isPublished(_ partition: String) async throws -> Bool {
        try await read("looking whether \(partition) is published") { sql in
            try sql.first(
                """
                SELECT NOT EXISTS (
                    SELECT 1 FROM \(partition) o JOIN shards s ON s.id = o.shard JOIN ticks t ON t.shard = s.id AND t.id = s.relayed_tick
                    WHERE NOT pg_visible_in_snapshot(o.xid, t.snapshot))
                """)?.bool(0) ?? false
        }
    }

    private func drop(_ partition: String, of parent: String) async throws {
        try await pool.transaction("dropping \(partition)") { sql in
            try sql.run("SET LOCAL lock_timeout = '2s'")
            try sql.run("ALTER TABLE \(parent) DETACH PARTITION \(partition)")
            try sql.run("DROP TABLE \(partition)")
        }
    }
}
