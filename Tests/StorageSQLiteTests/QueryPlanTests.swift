import Domain
import GRDB
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StorageSQLite

@Suite struct QueryPlanTests {
    /// The steps of a plan that read a whole table, or a whole index that is not partial.
    private func scans(_ plan: [String]) -> [String] {
        plan.filter { $0.hasPrefix("SCAN") && !$0.contains("VIRTUAL TABLE") && !$0.contains("_open") && !$0.contains("requests_pending") }
    }

    private func plan(_ store: SQLiteStore, _ sql: String) async throws -> [String] {
        try await store.read("explaining") { db in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
            // A plan does not depend on the values.
            statement.setUncheckedArguments([])
            return try Row.fetchAll(statement).map { $0["detail"] }
        }
    }

    @Test("The heads of the queues are read from requests_pending, without a scan or a sort")
    func headsOfClasses() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: ManualStoreClock())
        let plan = try await plan(store, MatchSnapshot.headsOfClasses)
        #expect(plan.contains { $0.contains("USING INDEX requests_pending (match_class=?)") }, "\(plan)")
        #expect(scans(plan).isEmpty, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
    }

    @Test("The heads of projects are read from requests_project, without a scan or a sort")
    func headsOfProjects() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: ManualStoreClock())
        let plan = try await plan(store, MatchSnapshot.headsOfProjects)
        #expect(plan.contains { $0.contains("USING INDEX requests_project (match_class=? AND project=? AND priority<?)") }, "\(plan)")
        #expect(scans(plan).filter { !["SCAN p", "SCAN l"].contains($0) }.isEmpty, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
    }

    @Test("No statement of a build's life scans a table, however long the history")
    func lifecycle() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: ManualStoreClock())
        let statements = try await Self.statements(store) { try await Self.live(store, builds: 3) }
        var checked = 0
        for sql in statements where sql.contains("FROM") || sql.hasPrefix("UPDATE") || sql.hasPrefix("DELETE") {
            let plan = try await plan(store, sql)
            // One row a rule of the clock, and one a builder with its labels (`m`), whatever the history.
            #expect(scans(plan).filter { !["SCAN schedules", "SCAN m"].contains($0) }.isEmpty, "\(sql)\n\(plan)")
            checked += 1
        }
        #expect(checked > 10)
    }

    @Test("What rides on a build is found among what rides now, however many it has answered")
    func riders() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: ManualStoreClock())
        var configuration = Samples.configuration()
        configuration.schedulers.append(SchedulerRule(name: "other", kind: .anyBranch, builders: ["test"]))
        _ = try await store.apply(configuration, digest: Samples.digest(1))
        let statements = try await Self.statements(store) {
            _ = try await store.accept([Samples.commit("1")], advancing: nil)
            _ = try await store.classify(limit: 10, planner: Planner(configuration: configuration))
            let worker = try await WorkerDouble(store)
            let builds = try await worker.claim()
            try await worker.accept(builds)
            try await worker.finish(builds[0])
        }
        let asking = statements.filter { $0.hasPrefix("SELECT") && ($0.contains("a.answered_by = ") || $0.contains("WHERE answered_by IN")) }
        #expect(asking.count == 2)
        for sql in asking {
            let plan = try await plan(store, sql)
            #expect(plan.contains { $0.contains("requests_riding (answered_by=?)") }, "\(sql)\n\(plan)")
        }
    }

    @Test("A batch of builds costs few statements for each")
    func statementsOfABatch() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: ManualStoreClock(), countingStatements: true)
        _ = try await store.apply(Samples.configuration(), digest: Samples.digest(1))
        for _ in 0..<40 { _ = try await store.force(Samples.force(), idempotency: nil) }
        let worker = try await WorkerDouble(store, slots: 40)
        let before = try #require(store.statementCount)
        let builds = try await worker.claim()
        try await worker.accept(builds)
        _ = try await store.apply(builds.map { worker.report($0, .finish(BuildEnd(outcome: .success)), key: "f") })
        let count = try #require(store.statementCount) - before
        #expect(try await store.builds(.init(.init(), limit: 100)).filter { $0.outcome == .success }.count == 40)
        #expect(count <= 60, "\(count) statements for 40 builds")
    }

    @Test("A sweep asks for all open work with one statement, in no transaction")
    func statementsOfASweep() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: ManualStoreClock(), countingStatements: true)
        _ = try await store.openWork()
        let before = try #require(store.statementCount)
        _ = try await store.openWork()
        // The question, and before it GRDB's own: whether the schema has changed.
        #expect(try #require(store.statementCount) - before == 2)
    }

    /// Runs something and gives the distinct statements that it ran on the writer's connection.
    private static func statements(_ store: SQLiteStore, _ body: () async throws -> Void) async throws -> [String] {
        let seen = Statements()
        try await store.write("tracing") { tx in
            tx.db.trace { if case .statement(let statement) = $0 { seen.add(statement.sql) } }
        }
        try await body()
        try await store.write("tracing") { $0.db.trace(options: []) }
        return seen.all
    }

    private static func live(_ store: SQLiteStore, builds count: Int) async throws {
        _ = try await store.apply(Samples.configuration(), digest: Samples.digest(1))
        let delivery = NewDelivery(source: "forge", name: nil, event: "push", headers: [:], size: 0, body: [])
        let note = try await store.note(.first(delivery, DeliveryJudgement(.ignored, reason: "r")))
        _ = try await store.accept([Samples.change("1")], noting: .again(note, DeliveryJudgement(.accepted, changes: 1)))
        for _ in 0..<count { _ = try await store.force(Samples.force(), idempotency: nil) }
        let worker = try await WorkerDouble(store, slots: count)
        let builds = try await worker.claim()
        try await worker.accept(builds)
        for build in builds {
            try await worker.tell(build, .stepStarted(StepStart(number: 1)), key: "s")
            try await worker.append(build, at: 0, [1])
        }
        try await worker.finish(builds[0], logs: [.of([1])])
        _ = try await store.apply(Samples.bounded, digest: Samples.digest(2))
        for _ in 0..<count { _ = try await store.force(Samples.force(), idempotency: nil) }
        _ = try await worker.claim(holding: builds)
        _ = try await store.endSession(worker.session.id, lost: true, reason: "silent")
        _ = try await store.endRemoved(limit: 10)
    }
}
