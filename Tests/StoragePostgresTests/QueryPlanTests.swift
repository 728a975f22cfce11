import Domain
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

@Suite(.timeLimit(.minutes(10)), .takingTurns) struct QueryPlanTests {
    /// Tables that are small however long the history: what is open now, and what the configuration names.
    private static let small: Set = [
        "schedules", "awaited", "triggered", "configurations", "match_classes", "deployment", "shards", "workers", "services", "reachability",
        "sources",
        "quiet_times",
        "quiet_changes",
        "unclassified", "idempotency", "report_keys", "schema_migrations", "access", "j", "c", "u",
    ]

    /// The tables that a plan reads as a whole, the small ones apart.
    private static func scans(_ plan: [String]) -> [String] {
        plan.compactMap { line in
            guard let range = line.range(of: "Seq Scan on ") else { return nil }
            let table = String(line[range.upperBound...].prefix { $0 != " " })
            // Rows are in a default partition only while none was made for their time.
            return small.contains(table) || table.hasPrefix("ticks") || table.hasSuffix("_default") ? nil : table
        }
    }

    @Test("No statement of a change's and a build's life reads a whole table, however long the history")
    func lifecycle() async throws {
        let database = try await SharedDatabase.make()
        let past = try await database.process(connections: 1)
        try await PostgresHistory(builds: 20_000).fill(past)
        try await past.close()
        // A connection of its own: it has prepared nothing but what the life asks for.
        let store = try await database.process(connections: 1)
        try await Self.live(store)
        let plans = try await store.write("explaining") { tx in
            let prepared = try tx.sql.all("SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements")
            // The plan for any arguments, with pages that are read from memory.
            try tx.sql.run("SET LOCAL plan_cache_mode = force_generic_plan")
            try tx.sql.run("SET LOCAL random_page_cost = 1.1")
            return try prepared.compactMap { row -> (statement: String, plan: [String])? in
                let statement = row.string(1)
                guard ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"].contains(where: statement.hasPrefix), statement.contains(" ") else {
                    return nil
                }
                guard !statement.contains("pg_") else { return nil }
                let arguments = row.int(2) == 0 ? "" : "(\(Array(repeating: "NULL", count: row.int(2)).joined(separator: ", ")))"
                return (statement, try tx.sql.all("EXPLAIN EXECUTE \"\(row.string(0))\"\(arguments)").map { $0.string(0) })
            }
        }
        for (statement, plan) in plans {
            #expect(Self.scans(plan).isEmpty, "\(statement)\n\(plan.joined(separator: "\n"))")
        }
        #expect(plans.count > 40)
    }

    @Test("A statement that was prepared while its table was empty does not go on reading it whole when it has filled")
    func growth() async throws {
        let store = try await SharedDatabase.make().process(connections: 1)
        try await store.pool.withConnection("measuring empty tables") { _ = try $0.run([.init("VACUUM ANALYZE")]) }
        let read = "SELECT b.id, r.id FROM builds b JOIN requests r ON r.id = b.request WHERE b.id = ANY ($1::bigint[])"
        for _ in 0..<10 { _ = try await store.read("reading builds") { try $0.all(read, [.integers([1, 2])]) } }
        try await PostgresHistory(builds: 5000).fill(store, analyzing: false)
        let plan = try await store.read("explaining") { sql in
            let name = try sql.first("SELECT name FROM pg_prepared_statements WHERE statement = $1", [.text(read)])?.string(0) ?? ""
            return try sql.all("EXPLAIN EXECUTE \"\(name)\"('{1,2}')").map { $0.string(0) }
        }
        #expect(plan.contains { $0.contains("builds_pkey") }, "\(plan.joined(separator: "\n"))")
        #expect(Self.scans(plan).isEmpty, "\(plan.joined(separator: "\n"))")
    }

    @Test("The heads of the queues are read from requests_pending, and no row beyond those that are asked for")
    func headsOfClasses() async throws {
        let database = try await SharedDatabase.make()
        try await PostgresHistory(builds: 1000, unmatchable: 20_000).fill(try await database.process(connections: 1))
        let store = try await database.processes(1)[0]
        for _ in 0..<50 { _ = try await store.force(Samples.force(), idempotency: nil) }
        let plan = try await store.write("explaining") { tx in
            let mine = try tx.sql.first("SELECT id FROM match_classes WHERE builder = 'test'")?.int64(0) ?? 0
            let heads = MatchSnapshot.heads.replacing("$1::bigint[]", with: "'{\(mine)}'::bigint[]").replacing(
                "$2::bigint[]", with: "'{5}'::bigint[]"
            ).replacing("$3", with: "NULL")
            return try tx.sql.all("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) \(heads) FOR NO KEY UPDATE SKIP LOCKED) h").map { $0.string(0) }
        }
        #expect(
            plan.contains { $0.contains("Index Scan using requests_pending") && $0.contains("actual rows=5 ") }, "\(plan.joined(separator: "\n"))")
        #expect(!plan.contains { $0.contains("Sort") || $0.contains("Seq Scan") }, "\(plan.joined(separator: "\n"))")
    }

    @Test("The heads of projects are read from requests_project, and no row beyond those that are asked for")
    func headsOfProjects() async throws {
        let database = try await SharedDatabase.make()
        try await PostgresHistory(builds: 1000, unmatchable: 20_000).fill(try await database.process(connections: 1))
        let store = try await database.processes(1)[0]
        for project in ["a", "b", "c"] {
            var force = Samples.force()
            force.project = project
            for number in 0..<40 {
                force.priority = number % 2
                _ = try await store.force(force, idempotency: nil)
            }
        }
        try await store.pool.withConnection("looking at it") { _ = try $0.run([.init("VACUUM ANALYZE")]) }
        let plan = try await store.write("explaining") { tx in
            let mine = try tx.sql.first("SELECT id FROM match_classes WHERE builder = 'test'")?.int64(0) ?? 0
            let heads = MatchSnapshot.headsOfProjects.replacing("$1::bigint[]", with: "'{\(mine)}'::bigint[]")
                .replacing("$2::bigint[]", with: "'{5}'::bigint[]").replacing("$3::text[]", with: "'{c}'::text[]")
                .replacing("$4::text[]", with: "'{b}'::text[]").replacing("$5", with: "NULL")
                .replacing("$6::bigint[]", with: "'{1000000}'::bigint[]")
            return try tx.sql.all("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) \(heads) FOR NO KEY UPDATE SKIP LOCKED) h").map { $0.string(0) }
        }
        let text = plan.joined(separator: "\n")
        // Five of `a`, five of each priority of `b`, and none beyond; the last look finds no other priority.
        #expect(plan.first?.contains("actual rows=15 ") ?? false, "\(text)")
        #expect(plan.contains { $0.contains("Index Scan using requests_project") && $0.contains("actual rows=4 loops=4") }, "\(text)")
        #expect(!plan.contains { $0.contains("Sort") || $0.contains("Seq Scan") || $0.contains("requests_pending") }, "\(text)")
    }

    @Test("A batch of builds costs less than three statements for each, from the change to the end")
    func statementsOfABatch() async throws {
        let store = try await SharedDatabase.make().processes(1)[0]
        let worker = try await WorkerDouble(store, slots: 40)
        // What is learned once is no part of a batch.
        try await Self.batch(store, worker, of: 1, from: 0)
        let before = store.statistics.statements
        try await Self.batch(store, worker, of: 40, from: 1)
        let count = store.statistics.statements - before
        #expect(try await store.builds(.init(.init(), limit: 100)).filter { $0.outcome == .success }.count == 41)
        #expect(count < 3 * 40, "\(count) statements for 40 builds")
    }

    private static func batch(_ store: PostgresStore, _ worker: WorkerDouble<PostgresStore>, of count: Int, from first: Int) async throws {
        _ = try await store.accept((first..<first + count).map { Samples.change("\($0)") }, advancing: nil)
        _ = try await store.classify(limit: count, planner: Planner(configuration: Samples.configuration()))
        let builds = try await worker.claim()
        try await worker.accept(builds)
        _ = try await store.apply(builds.map { worker.report($0, .stepStarted(StepStart(number: 1)), key: "s") })
        _ = try await store.apply(builds.map { worker.report($0, .finish(BuildEnd(outcome: .success)), key: "f") })
    }

    private static func live(_ store: PostgresStore) async throws {
        let configuration = Samples.configuration(quiet: .milliseconds(1))
        _ = try await store.apply(configuration, digest: Samples.digest(1))
        let planner = Planner(configuration: configuration)
        _ = try await store.accept([Samples.change("1"), Samples.change("2", key: "k")], advancing: nil)
        _ = try await store.accept([Samples.change("2", key: "k")], advancing: nil)
        let delivery = NewDelivery(source: "history-1", name: nil, event: "push", headers: [:], size: 0, body: [])
        let note = try await store.note(.first(delivery, DeliveryJudgement(.ignored, reason: "r")))
        _ = try await store.accept([Samples.change("3")], noting: .again(note, DeliveryJudgement(.accepted, changes: 1)))
        _ = try await store.classify(limit: 10, planner: planner)
        while try await store.fireQuietTimes(limit: 10, planner: planner).buildsets.isEmpty {}
        for _ in 0..<3 { _ = try await store.force(Samples.force(), idempotency: Samples.key("f")) }
        for _ in 0..<3 { _ = try await store.force(Samples.force(), idempotency: nil) }
        let worker = try await WorkerDouble(store, slots: 4)
        let builds = try await worker.claim()
        try await worker.accept(builds)
        for build in builds {
            try await worker.tell(build, .stepStarted(StepStart(number: 1)), key: "s")
            try await worker.append(build, at: 0, [1])
            try await worker.append(build, at: 1, [2])
        }
        try await worker.finish(builds[0], logs: [.of([1, 2])])
        _ = try await store.cancelBuild(builds[1].build, reason: "no more")
        _ = try await store.cancelRequest(builds[2].request, reason: "no more")
        _ = try await store.rebuild(builds[0].build, reason: "again", idempotency: nil)
        _ = try await store.pendingCancels([worker.session.id])
        _ = try await store.expireLeases(reachableSince: try await store.now(), limit: 10)
        _ = try await store.apply(Samples.bounded, digest: Samples.digest(2))
        _ = try await store.why(try await store.force(Samples.force(), idempotency: nil).request)
        _ = try await worker.claim(holding: builds)
        _ = try await store.silentSessions(reachableSince: try await store.now())
        try await store.heard([worker.session.id])
        _ = try await store.endSession(worker.session.id, lost: true, reason: "silent")
        _ = try await store.endRemoved(limit: 10)
        _ = try await store.openWork()
        _ = try await store.everyEvent(isInvented: true)
    }
}
