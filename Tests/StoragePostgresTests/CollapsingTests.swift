import Domain
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

/// What holds of requests that one build answers when several processes write at once, some of them of the version before.
@Suite(.timeLimit(.minutes(10)), .takingTurns) struct CollapsingTests {
    private static let configuration = {
        var configuration = Samples.configuration()
        configuration.schedulers.append(SchedulerRule(name: "other", kind: .anyBranch, builders: ["test"]))
        return configuration
    }()

    /// Two processes, and two requests for the same.
    private static func stores() async throws -> [PostgresStore] {
        let stores = try await SharedDatabase.make().processes(2, configuration)
        _ = try await stores[0].accept([Samples.commit("1")], advancing: nil)
        _ = try await stores[0].classify(limit: 10, planner: Planner(configuration: configuration))
        return stores
    }

    private static func riding() async throws -> (stores: [PostgresStore], worker: WorkerDouble<PostgresStore>, build: Assignment) {
        let stores = try await stores()
        let worker = try await WorkerDouble(stores[0])
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        return (stores, worker, build)
    }

    private static func requests(_ store: PostgresStore) async throws -> [RequestRow] {
        try await store.requests(PageQuery(RequestFields(), ascending: true, limit: 10))
    }

    @Test("While one dispatcher gives the first of its like away, no other gives the second away")
    func together() async throws {
        let stores = try await Self.stores()
        let first = try await WorkerDouble(stores[0], "w1")
        let second = try await WorkerDouble(stores[1], "w2")
        let offers = [first.offer()]
        let demand = try await stores[0].read("looking") { try MatchSnapshot($0, offers, stores[0]).demand().sorted { $0.key < $1.key } }
        let held = try await HeldTransaction(stores[0]) { tx in
            let (snapshot, configuration) = try #require(try MatchSnapshot.locking(demand, offers, tx))
            return try tx.assign(snapshot.decide(), configuration: configuration)
        }
        let result = try await stores[1].match([second.offer()])
        #expect(result.assignments.isEmpty && result.isUnfinished)
        #expect(try await held.commit().count == 1)
        let later = try await stores[1].match([second.offer()])
        #expect(later.assignments.isEmpty && !later.isUnfinished)
        #expect(try await Self.requests(stores[1]).map(\.phase) == [.claimed, .claimed])
    }

    @Test("The first of many alike is found by its index, and none of the others is read for it")
    func manyAlike() async throws {
        let store = try await SharedDatabase.make().processes(1, Self.configuration)[0]
        _ = try await store.accept((1...300).map { Samples.commit("1", key: "\($0)") }, advancing: nil)
        for _ in 0..<3 { _ = try await store.classify(limit: 100, planner: Planner(configuration: Self.configuration)) }
        try await store.pool.withConnection("looking at it") { _ = try $0.run([.init("VACUUM ANALYZE")]) }
        let plan = try await store.write("explaining") { tx in
            let heads = MatchSnapshot.heads.replacing("$1::bigint[]", with: "'{1}'::bigint[]").replacing("$2::bigint[]", with: "'{1}'::bigint[]")
                .replacing("$3", with: "NULL")
            return try tx.sql.all("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) \(heads) FOR NO KEY UPDATE SKIP LOCKED) h").map { $0.string(0) }
        }
        let text = plan.joined(separator: "\n")
        #expect(plan.contains { $0.contains("Index Scan using requests_identity") && $0.contains("actual rows=1 loops=1") }, "\(text)")
        #expect(!plan.contains { $0.contains("Sort") || $0.contains("Seq Scan") && !$0.contains("never executed") }, "\(text)")
        let worker = try await WorkerDouble(store)
        #expect(try await worker.claim().count == 1)
        #expect(try await store.openWork().pendingRequests == false)
    }

    @Test("A claim takes no more statements for what it answers beside")
    func statements() async throws {
        let store = try await Self.stores()[0]
        let worker = try await WorkerDouble(store)
        var held: [Assignment] = []
        var counts: [UInt64] = []
        // What is learned once comes first; then one that nothing is like, then one of two.
        for priority in [100, 90, nil] {
            if let priority { _ = try await store.force(Samples.force(priority: priority), idempotency: nil) }
            let before = store.statistics.statements
            held += try await worker.claim(1, holding: held)
            counts.append(store.statistics.statements - before)
        }
        #expect(held.map(\.request.rawValue) == [3, 4, 1] && counts[2] == counts[1], "\(counts)")
        #expect(try await store.openWork().pendingRequests == false)
    }

    @Test("Of those that leave a build at the same time the last one ends it", arguments: [[1, 2], [2, 1]] as [[Int64]])
    func leavingTogether(_ order: [Int64]) async throws {
        let (stores, worker, build) = try await Self.riding()
        let first = RequestID(order[0])
        let held = try await HeldTransaction(stores[0]) { try $0.cancel(first, reason: "no") }
        let last = Task { try await stores[1].cancelRequest(RequestID(order[1]), reason: "nor that") }
        try await stores[1].untilSomebodyWaits()
        #expect(try await held.commit() == CancelReceipt(phase: .finished, build: nil))
        #expect(try await last.value.build?.build == build.build)
        #expect(try await stores[0].pendingCancels([worker.session.id]).map(\.build) == [build.build])
    }

    @Test("A build that ends while one that rides is cancelled, and the other way round, ends each once")
    func endingTogether() async throws {
        let (stores, worker, build) = try await Self.riding()
        let held = try await HeldTransaction(stores[0]) { try $0.cancel(RequestID(2), reason: "no") }
        let finishing = Task { try await worker.speaking(to: stores[1]).finish(build) }
        try await stores[1].untilSomebodyWaits()
        #expect(try await held.commit().phase == .finished)
        #expect(try await finishing.value?.verdict == .applied)
        #expect(try await Self.requests(stores[0]).map(\.outcome) == [.success, .cancelled])
        expectContiguousVersions(try await stores[0].everyEvent())
    }

    /// What a dispatcher of the version before writes, who knows of one request for each build.
    private static func endAsBefore(_ store: PostgresStore, _ build: Assignment, _ outcome: Outcome, cause: Cause? = nil, retry: Bool = false)
        async throws
    {
        try await store.write("ending a build as before") { tx in
            let now = PostgresValue.integer(try tx.now.microseconds)
            _ = try tx.sql.run(
                "UPDATE builds SET phase = 'finished', outcome = $2, cause = $3, finished = $4, fence = fence + 1 WHERE id = $1",
                [.integer(build.build.rawValue), .text(outcome.rawValue), .text(cause?.rawValue), now])
            if retry {
                _ = try tx.sql.run(
                    "UPDATE requests SET phase = 'pending', claimed = NULL WHERE id = $1", [.integer(build.request.rawValue)])
            } else {
                try tx.finishRequest(build.request, outcome: outcome, cause: cause, text: "")
            }
        }
    }

    private static func sweep(_ store: PostgresStore) async throws -> Int {
        guard try await store.expireLeases(reachableSince: try await store.now(), limit: 10).isStranded else { return 0 }
        return try await store.settleStranded(limit: 10).count
    }

    @Test("What a dispatcher of the version before ended ends for all, by the next sweep of this one", arguments: [Outcome.success, .failure])
    func endedByOlder(_ outcome: Outcome) async throws {
        let (stores, _, build) = try await Self.riding()
        #expect(try await Self.sweep(stores[1]) == 0)
        try await Self.endAsBefore(stores[0], build, outcome)
        #expect(try await Self.requests(stores[0]).map(\.phase) == [.finished, .claimed])
        #expect(try await Self.sweep(stores[1]) == 1)
        let rows = try await Self.requests(stores[0])
        #expect(rows.map(\.outcome) == [outcome, outcome] && rows[1].answeredBy == build.build)
        #expect(try await stores[0].buildset(BuildsetID(2))?.outcome == outcome)
        #expect(try await Self.sweep(stores[1]) == 0)
    }

    @Test("What a dispatcher of the version before lost, or stopped for the one that it knew of, leaves the others waiting")
    func lostByOlder() async throws {
        for isLost in [true, false] {
            let (stores, _, build) = try await Self.riding()
            try await Self.endAsBefore(
                stores[0], build, isLost ? .exception : .cancelled, cause: isLost ? .lost : .cancelled, retry: isLost)
            #expect(try await Self.sweep(stores[1]) == 1)
            let rows = try await Self.requests(stores[0])
            #expect(rows.map(\.phase) == [isLost ? .pending : .finished, .pending])
            #expect(rows[1].answeredBy == nil && rows[1].attempts == (isLost ? 1 : 0))
            let builds = try await WorkerDouble(stores[1], "w2").claim()
            #expect(builds.map(\.request.rawValue) == [isLost ? 1 : 2])
        }
    }

    @Test("What cannot be settled keeps no lease from its end")
    func leasesComeFirst() async throws {
        let clock = ManualStoreClock()
        let stores = try await SharedDatabase.make(clock: clock).processes(2, Self.configuration)
        _ = try await stores[0].accept([Samples.commit("1")], advancing: nil)
        _ = try await stores[0].classify(limit: 10, planner: Planner(configuration: Self.configuration))
        let worker = try await WorkerDouble(stores[0])
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        try await Self.endAsBefore(stores[0], build, .success)
        // Nobody can read this of the one that rode.
        try await stores[0].write("spoiling a row") { tx in
            _ = try tx.sql.run("UPDATE requests SET workers_lost = '{}' WHERE answered_by IS NOT NULL")
        }
        _ = try await stores[0].force(Samples.force(revision: "2"), idempotency: nil)
        let other = try #require(try await worker.claim(holding: [build]).first)
        try await worker.accept([other])
        let since = clock.now()
        clock.advance(by: .seconds(600))
        let expiry = try await stores[1].expireLeases(reachableSince: since, limit: 10)
        #expect(expiry.lost.map(\.build) == [other.build] && expiry.isStranded)
        await #expect(throws: StoreError.self) { try await stores[1].settleStranded(limit: 10) }
    }

    @Test("A build that nobody waits for any more, once what a page of the version before cancelled is settled, is ended")
    func orphanIsEnded() async throws {
        let (stores, worker, build) = try await Self.riding()
        _ = try await stores[0].cancelRequest(RequestID(1), reason: "no")
        try await stores[0].write("cancelling as before") { tx in
            _ = try tx.sql.run("UPDATE requests SET cancel_reason = 'nor that' WHERE id = 2")
        }
        #expect(try await stores[0].pendingCancels([worker.session.id]).isEmpty)
        let told = BuildCancel(build: build.build, session: worker.session.id, reason: "nor that")
        #expect(try await stores[1].settleStranded(limit: 10) == SettledRequests(count: 1, cancels: [told]))
        #expect(try await Self.requests(stores[0]).map(\.outcome) == [.cancelled, .cancelled])
        #expect(try await stores[0].pendingCancels([worker.session.id]) == [told])
        try await worker.finish(build, .cancelled, cause: .cancelled)
        #expect(try await Self.sweep(stores[1]) == 0)
        expectContiguousVersions(try await stores[0].everyEvent())
    }

    @Test("A build goes on while one of those that it answers is not cancelled")
    func orphanGoesOn() async throws {
        var configuration = Self.configuration
        configuration.schedulers.append(SchedulerRule(name: "third", kind: .anyBranch, builders: ["test"]))
        let stores = try await SharedDatabase.make().processes(2, configuration)
        _ = try await stores[0].accept([Samples.commit("1")], advancing: nil)
        _ = try await stores[0].classify(limit: 10, planner: Planner(configuration: configuration))
        let worker = try await WorkerDouble(stores[0])
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        _ = try await stores[0].cancelRequest(RequestID(1), reason: "no")
        try await stores[0].write("cancelling as before") { tx in
            _ = try tx.sql.run("UPDATE requests SET cancel_reason = 'nor that' WHERE id = 2")
        }
        #expect(try await Self.sweep(stores[1]) == 1)
        #expect(try await stores[0].pendingCancels([worker.session.id]).isEmpty)
        try await worker.finish(build)
        #expect(try await Self.requests(stores[0]).map(\.outcome) == [.cancelled, .cancelled, .success])
    }

    @Test(
        "However many requests were answered by others' builds, a sweep and the end of a build read those alone that ride now",
        arguments: ["(SELECT min(id) FROM builds)", "(SELECT b.id FROM builds b WHERE b.request = requests.id)"])
    func finishedAreNotRead(_ build: String) async throws {
        let store = try await SharedDatabase.make().process(connections: 1)
        try await PostgresHistory(builds: 10_000).fill(store, analyzing: false)
        _ = try await store.apply(Self.configuration, digest: Samples.digest(1))
        try await store.write("answering") { tx in
            _ = try tx.sql.run("UPDATE requests SET answered_by = \(build) WHERE phase = 'finished'")
        }
        try await store.pool.withConnection("looking at the past") { _ = try $0.run([.init("VACUUM ANALYZE")]) }
        _ = try await store.accept([Samples.commit("1")], advancing: nil)
        _ = try await store.classify(limit: 10, planner: Planner(configuration: Self.configuration))
        let worker = try await WorkerDouble(store)
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        _ = try await Self.sweep(store)
        try await worker.finish(build)
        let plans = try await store.write("explaining") { tx in
            try tx.sql.run("SET LOCAL plan_cache_mode = force_generic_plan")
            let prepared = try tx.sql.all("SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements")
            return try prepared.filter { $0.string(1).contains("answered_by = ") || $0.string(1).contains("answered_by IS NOT NULL") }.filter {
                $0.string(1).hasPrefix("SELECT") && !$0.string(1).contains("pg_prepared")
            }.map { row in
                let arguments = row.int(2) == 0 ? "" : "(\(Array(repeating: "NULL", count: row.int(2)).joined(separator: ", ")))"
                return (
                    row.string(1), try tx.sql.all("EXPLAIN EXECUTE \"\(row.string(0))\"\(arguments)").map { $0.string(0) }.joined(separator: "\n")
                )
            }
        }
        // The sweep, the two locks, the build itself, and those that rode.
        #expect(plans.count >= 5)
        for (statement, plan) in plans {
            #expect(plan.contains("requests_riding") && !plan.contains("requests_answered"), "\(statement)\n\(plan)")
        }
    }

    @Test("What a page of the version before cancelled ends alone, whichever it is")
    func cancelledByOlder() async throws {
        for request in [1, 2] as [Int64] {
            let (stores, worker, build) = try await Self.riding()
            try await stores[0].write("cancelling as before") { tx in
                _ = try tx.sql.run("UPDATE requests SET cancel_reason = 'no' WHERE id = $1", [.integer(request)])
                _ = try tx.sql.run("UPDATE builds SET cancel_reason = 'no' WHERE request = $1", [.integer(request)])
            }
            #expect(try await Self.sweep(stores[1]) == (request == 2 ? 1 : 0))
            if request == 2 {
                #expect(try await Self.requests(stores[0]).map(\.outcome) == [nil, .cancelled])
                try await worker.finish(build)
                #expect(try await Self.requests(stores[0]).map(\.outcome) == [.success, .cancelled])
            } else {
                try await worker.finish(build, .cancelled, cause: .cancelled)
                #expect(try await Self.requests(stores[0]).map(\.phase) == [.finished, .pending])
            }
        }
    }
}
