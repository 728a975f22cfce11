import Domain
import GRDB
import GRDBSQLite
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StorageSQLite

/// History does not slow the queue: the work of a claim is counted, not timed.
@Suite struct LongHistoryTests {
    /// The virtual machine's steps that it takes a store with a past to find and give away its one request.
    private func claimSteps(builds: Int, unmatchable: Int) async throws -> Int {
        let directory = TemporaryDirectory()
        let clock = ManualStoreClock()
        try await SQLiteStore.open(directory: directory.path, clock: clock).close()
        let queue = try DatabaseQueue(path: directory.file("doorbell.sqlite"))
        try await queue.writeWithoutTransaction { db in
            for statement in HistoryGenerator(builds: builds, unmatchable: unmatchable).statements { try db.execute(sql: statement) }
        }
        try queue.close()
        let store = try await SQLiteStore.open(directory: directory.path, clock: clock)
        #expect(try await store.builds(PageQuery(BuildFields(), limit: 10)).count == min(10, builds))
        _ = try await store.apply(Samples.configuration(), digest: Samples.digest(1))
        let worker = try await WorkerDouble(store)
        let request = try await store.force(Samples.force(), idempotency: nil).request
        let before = try await Self.steps(store)
        #expect(try await worker.claim().map(\.request) == [request])
        let steps = try await Self.steps(store) - before
        expectContiguousVersions(try await store.everyEvent())
        try await store.close()
        return steps
    }

    /// Steps of all statements that the writer's connection has run so far.
    private static func steps(_ store: SQLiteStore) async throws -> Int {
        try await store.pool.writeWithoutTransaction { db in
            var total = 0
            var statement = sqlite3_next_stmt(db.sqliteConnection, nil)
            while let one = statement {
                total += Int(sqlite3_stmt_status(one, SQLITE_STMTSTATUS_VM_STEP, 0))
                statement = sqlite3_next_stmt(db.sqliteConnection, one)
            }
            return total
        }
    }

    @Test("A claim takes as much work after 20,000 builds and 20,000 requests that nobody can serve as after 20 of each")
    func claimIsFlat() async throws {
        let short = try await claimSteps(builds: 20, unmatchable: 20)
        let long = try await claimSteps(builds: 20_000, unmatchable: 20_000)
        #expect(short > 100)
        #expect(long < short + short / 10, "\(short) steps, then \(long)")
    }

    @Test("A list of a time in a long history takes hardly more work than one in a short history")
    func timesAreFound() async throws {
        func steps(days: Int) async throws -> Int {
            let directory = TemporaryDirectory()
            let clock = ManualStoreClock()
            let store = try await SQLiteStore.open(directory: directory.path, clock: clock)
            _ = try await store.accept([Samples.change("1", key: "1")], advancing: nil)
            // One a day, by copies of the first.
            try await store.pool.write { db in
                let columns = try db.columns(in: "changes").map(\.name)
                let values = columns.map { column in
                    switch column {
                    case "id": "n.i"
                    case "accepted": "accepted + (n.i - 1) * 86400000000"
                    case "dedupe_key": "dedupe_key || n.i"
                    case "chain": "substr(chain, 1, 30) || printf('%06d', n.i)"
                    default: column
                    }
                }
                try db.execute(
                    sql: """
                        WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < \(days))
                        INSERT INTO changes (\(columns.joined(separator: ", "))) SELECT \(values.joined(separator: ", ")) FROM changes, n WHERE id = 1
                        """)
            }
            var query = PageQuery(ChangeFilterFields(), limit: 50)
            query.times = TimeRange(since: clock.now().advanced(by: .seconds(10 * 86_400)), until: clock.now().advanced(by: .seconds(15 * 86_400)))
            let (page, steps) = try await store.pool.read { [query] db in
                func steps() -> Int {
                    var total = 0
                    var statement = sqlite3_next_stmt(db.sqliteConnection, nil)
                    while let one = statement {
                        total += Int(sqlite3_stmt_status(one, SQLITE_STMTSTATUS_VM_STEP, 0))
                        statement = sqlite3_next_stmt(db.sqliteConnection, one)
                    }
                    return total
                }
                let before = steps()
                var page = PageStatement(ascending: false, limit: query.limit)
                try page.add(query.times, of: .changes, db)
                let rows = try page.rows(db, Change.selection, orderedBy: ["c.id"])
                return (rows.map { $0["id"] as Int64 }, steps() - before)
            }
            #expect(page == [15, 14, 13, 12, 11])
            #expect(try await store.changes(query).map(\.id.rawValue) == page)
            try await store.close()
            return steps
        }
        let (short, long) = (try await steps(days: 100), try await steps(days: 20_000))
        #expect(long < short * 4, "\(short) steps, then \(long)")
    }
}
