import Domain
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

/// Limits and locks where several dispatchers match at once.
@Suite(.timeLimit(.minutes(10)), .takingTurns) struct BoundTests {
    /// At most one `write`, never beside a `read`; at most two `read`; at most one `test`, which needs no lock.
    private static var configuration: Configuration {
        var builders = ["write", "read", "test"].map { Samples.builder($0) }
        builders[0].locks = [LockUse("db")]
        builders[1].locks = [LockUse("db", .counting)]
        builders[2].limit = 1
        var configuration = Samples.configuration(builders: builders)
        configuration.locks = [Lock(name: "db", count: 2)]
        return configuration
    }

    private static func force(_ store: PostgresStore, _ builders: String...) async throws -> [RequestID] {
        var requests: [RequestID] = []
        for builder in builders { requests.append(try await store.force(Samples.force(builder), idempotency: nil).request) }
        return requests
    }

    private static func demand(_ store: PostgresStore, _ offers: [SlotOffer]) async throws -> [(key: Int64, value: Int)] {
        try await store.read("looking") { try MatchSnapshot($0, offers, store) }.demand().sorted { $0.key < $1.key }
    }

    @Test("A dispatcher that gives away what a lock bounds waits for another that does, and counts what that one gave away")
    func matchUnderWay() async throws {
        let stores = try await SharedDatabase.make().processes(2, Self.configuration)
        let requests = try await Self.force(stores[0], "write", "write")
        let first = try await WorkerDouble(stores[0], "w1")
        let second = try await WorkerDouble(stores[1], "w2")
        let offers = [first.offer()]
        let demand = try await Self.demand(stores[0], offers)
        let held = try await HeldTransaction(stores[0]) { tx in
            let (snapshot, configuration) = try #require(try MatchSnapshot.locking(demand, offers, tx))
            return try tx.assign(snapshot.decide(), configuration: configuration)
        }
        let others = Task { try await second.claim() }
        try await stores[1].untilSomebodyWaits()
        #expect(try await held.commit().map(\.request) == [requests[0]])
        #expect(try await others.value.isEmpty)
    }

    @Test("What no limit and no lock bounds waits for no other dispatcher")
    func unboundedPasses() async throws {
        var configuration = Self.configuration
        configuration.builders[0].labels = ["os": "linux"]
        configuration.builders.append(Samples.builder("free"))
        let stores = try await SharedDatabase.make().processes(2, configuration)
        _ = try await Self.force(stores[0], "write")
        let first = try await WorkerDouble(stores[0], "w1", labels: ["os": "linux"])
        let second = try await WorkerDouble(stores[1], "w2")
        let offers = [first.offer()]
        let demand = try await Self.demand(stores[0], offers)
        let held = try await HeldTransaction(stores[0]) { tx in
            let (snapshot, configuration) = try #require(try MatchSnapshot.locking(demand, offers, tx))
            return try tx.assign(snapshot.decide(), configuration: configuration)
        }
        let free = try await Self.force(stores[1], "free")
        let others = try await second.claim()
        _ = try await held.commit()
        #expect(others.map(\.request) == free)
    }

    @Test("A limit that is applied between a dispatcher's look and its decision holds")
    func configurationUnderWay() async throws {
        let free = Samples.configuration(builders: ["write", "read", "test"].map { Samples.builder($0) })
        let stores = try await SharedDatabase.make().processes(2, free)
        let requests = try await Self.force(stores[0], "test", "test")
        let offers = [try await WorkerDouble(stores[0], "w1").offer()]
        let demand = try await Self.demand(stores[0], offers)
        #expect(demand.map(\.value) == [2])
        _ = try await stores[1].apply(Self.configuration, digest: Samples.digest(2))
        let given = try await stores[0].write("assigning") { tx in
            let (snapshot, configuration) = try #require(try MatchSnapshot.locking(demand, offers, tx))
            return try tx.assign(snapshot.decide(), configuration: configuration)
        }
        #expect(given.map(\.request) == [requests[0]])
    }

    @Test("However many dispatchers match at once, no limit and no lock is ever exceeded, and every request is built")
    func neverExceeded() async throws {
        let stores = try await SharedDatabase.make().processes(3, Self.configuration)
        let each = 12
        for _ in 0..<each { _ = try await Self.force(stores[0], "read", "test", "write", "read", "test") }
        let finished = Watched(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let store = stores[number % stores.count]
                    let worker = try await WorkerDouble(store, "w\(number)", slots: 3)
                    while finished.value < 5 * each {
                        let builds = try await worker.claim()
                        try await Self.expectBounds(store)
                        try await worker.accept(builds)
                        for build in builds { try await worker.finish(build) }
                        finished.change { $0 += builds.count }
                    }
                }
            }
            try await group.waitForAll()
        }
        let requests = try await stores[0].requests(.init(.init(), limit: 500))
        #expect(requests.count == 5 * each)
        #expect(requests.allSatisfy { $0.outcome == .success && $0.attempts == 1 })
    }

    @Test("Limits and locks cost a pass of matching four statements, and nothing where there are none")
    func statements() async throws {
        var counts: [UInt64] = []
        for configuration in [Samples.configuration(), Samples.bounded] {
            let store = try await SharedDatabase.make().processes(1, configuration)[0]
            let worker = try await WorkerDouble(store)
            // What is learned once is no part of a pass.
            _ = try await Self.force(store, "test")
            let first = try await worker.claim()
            _ = try await Self.force(store, "test")
            let before = store.statistics.statements
            #expect(try await worker.claim(holding: first).count == 1)
            counts.append(UInt64(store.statistics.statements - before))
        }
        #expect(counts[1] == counts[0] + 4)
    }

    @Test("However many dispatchers match at once, no limit of a project is ever exceeded, and every request is built")
    func projectsNeverExceeded() async throws {
        var configuration = Samples.configuration(builders: [Samples.builder("test"), Samples.builder("lint")])
        configuration.projects = [ProjectRule(name: "a", limit: 1), ProjectRule(name: "b", share: 3, limit: 2, longestWait: .seconds(1))]
        let stores = try await SharedDatabase.make().processes(3, configuration)
        let each = 12
        for _ in 0..<each {
            for (project, builder) in [("a", "test"), ("b", "lint"), ("b", "test"), ("c", "test")] {
                _ = try await stores[0].force(Self.forced(builder, project), idempotency: nil)
            }
        }
        let finished = Watched(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let store = stores[number % stores.count]
                    let worker = try await WorkerDouble(store, "w\(number)", slots: 3)
                    while finished.value < 4 * each {
                        let builds = try await worker.claim()
                        let open = try await Self.openOfProjects(store)
                        #expect(open["a"] ?? 0 <= 1 && open["b"] ?? 0 <= 2, "\(open)")
                        try await worker.accept(builds)
                        for build in builds { try await worker.finish(build) }
                        finished.change { $0 += builds.count }
                    }
                }
            }
            try await group.waitForAll()
        }
        let requests = try await stores[0].requests(.init(.init(), limit: 500))
        #expect(requests.count == 4 * each && requests.allSatisfy { $0.outcome == .success && $0.attempts == 1 })
    }

    @Test("A dispatcher that finds what it looked at given away by another looks again, and gives what is next")
    func looksAgain() async throws {
        var configuration = Samples.configuration()
        configuration.projects = [ProjectRule(name: "a", share: 9, limit: 1)]
        let stores = try await SharedDatabase.make().processes(2, configuration)
        var requests: [RequestID] = []
        for project in ["a", "a", "b"] { requests.append(try await stores[0].force(Self.forced("test", project), idempotency: nil).request) }
        let first = try await WorkerDouble(stores[0], "w1", slots: 1)
        let second = try await WorkerDouble(stores[1], "w2", slots: 1)
        let offers = [first.offer()]
        let demand = try await Self.demand(stores[0], offers)
        let held = try await HeldTransaction(stores[0]) { tx in
            let (snapshot, configuration) = try #require(try MatchSnapshot.locking(demand, offers, tx))
            return try tx.assign(snapshot.decide(), configuration: configuration)
        }
        let others = Task { try await second.claim() }
        try await stores[1].untilSomebodyWaits()
        #expect(try await held.commit().map(\.request) == [requests[0]])
        #expect(try await others.value.map(\.request) == [requests[2]])
    }

    @Test("A dispatcher that gives only a part of what it saw, for another took up a limit, looks again for its free slots")
    func looksAgainForTheRest() async throws {
        var configuration = Self.configuration
        configuration.builders.append(Samples.builder("free"))
        let stores = try await SharedDatabase.make().processes(2, configuration)
        var requests: [RequestID] = []
        for (builder, priority) in [("test", 9), ("write", 5), ("free", 0)] {
            requests.append(try await stores[0].force(Samples.force(builder, priority: priority), idempotency: nil).request)
        }
        let first = try await WorkerDouble(stores[0], "w1", slots: 1)
        let second = try await WorkerDouble(stores[1], "w2", slots: 2)
        let offers = [first.offer()]
        let demand = try await Self.demand(stores[0], offers)
        let held = try await HeldTransaction(stores[0]) { tx in
            let (snapshot, configuration) = try #require(try MatchSnapshot.locking(demand, offers, tx))
            return try tx.assign(snapshot.decide(), configuration: configuration)
        }
        let others = Task { try await stores[1].match([second.offer()]) }
        try await stores[1].untilSomebodyWaits()
        #expect(try await held.commit().map(\.request) == [requests[0]])
        let result = try await others.value
        #expect(result.assignments.map(\.request) == Array(requests[1...]))
        #expect(!result.isUnfinished)
    }

    @Test("What another is giving away is told as unfinished, and what comes next is given once that is done")
    func unfinished() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        _ = try await Self.force(stores[0], "test")
        let first = try await WorkerDouble(stores[0], "w1", slots: 1)
        let second = try await WorkerDouble(stores[1], "w2", slots: 1)
        let offers = [first.offer()]
        let demand = try await Self.demand(stores[0], offers)
        let held = try await HeldTransaction(stores[0]) { tx in
            let (snapshot, configuration) = try #require(try MatchSnapshot.locking(demand, offers, tx))
            return try tx.assign(snapshot.decide(), configuration: configuration)
        }
        let result = try await stores[1].match([second.offer()])
        #expect(result.assignments.isEmpty && result.isUnfinished)
        #expect(try await held.commit().count == 1)
        #expect(try await !stores[1].match([second.offer()]).isUnfinished)
    }

    @Test("Projects that are applied between a dispatcher's look and its decision hold")
    func projectsUnderWay() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        for _ in 0..<3 { _ = try await stores[0].force(Self.forced("test", "a"), idempotency: nil) }
        let worker = try await WorkerDouble(stores[0], "w1")
        let offers = [worker.offer()]
        let demand = try await Self.demand(stores[0], offers)
        var configuration = Samples.configuration()
        configuration.projects = [ProjectRule(name: "a", limit: 1)]
        _ = try await stores[1].apply(configuration, digest: Samples.digest(2))
        let given = try await stores[0].write("assigning") { tx in try MatchSnapshot.locking(demand, offers, tx).map { $0.0.decide().count } }
        #expect(given == nil, "it looks again")
        #expect(try await worker.claim().count == 1)
    }

    @Test("A request that a scheduler of the version before makes has its project")
    func madeByOlder() async throws {
        let store = try await SharedDatabase.make().processes(1)[0]
        let made = try await store.force(Self.forced("test", "a"), idempotency: nil).request
        let project = try await store.write("inserting as before") { tx in
            try tx.sql.first(
                """
                INSERT INTO requests (buildset, builder, match_class, phase, priority, attempts_allowed, created)
                SELECT buildset, 'another', match_class, phase, priority, attempts_allowed, created FROM requests WHERE id = $1 RETURNING project
                """, [.integer(made.rawValue)])?.string(0)
        }
        #expect(project == "a")
    }

    private static func forced(_ builder: String, _ project: String) -> ForceRequest {
        var force = Samples.force(builder)
        force.project = project
        return force
    }

    /// One statement sees one state.
    private static func openOfProjects(_ store: PostgresStore) async throws -> [String: Int] {
        try await store.read("counting open builds") { sql in
            try sql.all(
                """
                SELECT s.project, count(*) FROM builds b JOIN buildsets e ON e.id = b.buildset JOIN source_stamps s ON s.id = e.stamp
                WHERE b.phase <> 'finished' GROUP BY s.project
                """
            ).reduce(into: [:]) { $0[$1.string(0)] = $1.int(1) }
        }
    }

    /// One statement sees one state.
    private static func expectBounds(_ store: PostgresStore) async throws {
        let open = try await store.read("counting open builds") { sql in
            try sql.all("SELECT builder, count(*) FROM builds WHERE phase <> 'finished' GROUP BY builder")
                .reduce(into: [String: Int]()) { $0[$1.string(0)] = $1.int(1) }
        }
        let (write, read, test) = (open["write"] ?? 0, open["read"] ?? 0, open["test"] ?? 0)
        #expect(write <= 1 && read <= 2 && (write == 0 || read == 0) && test <= 1, "\(open)")
    }
}
