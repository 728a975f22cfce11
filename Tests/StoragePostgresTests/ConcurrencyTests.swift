import Domain
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

/// What holds when several processes write at once, which an embedded store never sees.
@Suite(.timeLimit(.minutes(10)), .takingTurns) struct ConcurrencyTests {
    private static let quiet = Samples.configuration(quiet: .seconds(5))

    // MARK: Scheduling

    @Test("Two classifiers share the changes, and each change makes its buildset once")
    func twoClassifiers() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        _ = try await stores[0].accept((1...200).map { Samples.change("\($0)") }, advancing: nil)
        let made = try await Self.classify(stores, Samples.configuration(), limit: 7)
        #expect(Set(made).count == 200)
        #expect(made.count == 200)
        let buildsets = try await stores[0].buildsets(.init(.init(), limit: 500))
        #expect(Set(buildsets.flatMap(\.changes)).count == 200)
        expectContiguousVersions(try await stores[0].everyEvent())
    }

    @Test("Two classifiers that meet at one quiet time lose no change, and it fires once")
    func twoClassifiersOfOneBranch() async throws {
        let clock = ManualStoreClock()
        let stores = try await SharedDatabase.make(clock: clock).processes(2, Self.quiet)
        _ = try await stores[0].accept((1...100).map { Samples.change("\($0)") }, advancing: nil)
        #expect(try await Self.classify(stores, Self.quiet, limit: 3).isEmpty)
        clock.advance(by: .seconds(6))
        async let first = stores[0].fireQuietTimes(limit: 10, planner: Planner(configuration: Self.quiet))
        async let second = stores[1].fireQuietTimes(limit: 10, planner: Planner(configuration: Self.quiet))
        let made = try await first.buildsets + second.buildsets
        #expect(made.count == 1)
        let only = try #require(made.first)
        let buildset = try #require(try await stores[0].buildset(only))
        #expect(buildset.changes.count == 100)
        #expect(buildset.stamp.revision == "100")
    }

    @Test("Of two repositories that change at once, one build has both: a change that is still being accepted is waited for")
    func settlesCodebases() async throws {
        let configuration = Samples.codebases()
        let stores = try await SharedDatabase.make().processes(2, configuration)
        let planner = Planner(configuration: configuration)
        // The earlier change has its number, and comes to its end later.
        let lib = Samples.change("l1", of: "lib")
        let held = try await HeldTransaction(stores[0]) { try $0.accept([lib], advancing: nil).count }
        async let later = stores[1].accept([Samples.change("a1", of: "app")], advancing: nil)
        _ = try await later
        let classifying = Task { try await stores[1].classify(limit: 10, planner: planner) }
        try await stores[1].untilSomebodyWaits()
        #expect(try await held.commit() == 1)
        #expect(try await classifying.value.taken == 2)
        let built = try await stores[0].buildsets(PageQuery(BuildsetFields(), ascending: true, limit: 10)).map { $0.stamps?.map(\.revision) }
        #expect(built == [[nil, "l1"], ["a1", "l1"]])
    }

    @Test("A process that has not heard of the first codebases yet decides nothing without asking who is still accepting")
    func learnsCodebases() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        let old = Planner(configuration: Samples.configuration())
        #expect(try await stores[1].classify(limit: 10, planner: old).taken == 0)
        _ = try await stores[0].apply(Samples.codebases(), digest: Samples.digest(2))
        _ = try await stores[0].accept([Samples.change("l1", of: "lib"), Samples.change("a1", of: "app")], advancing: nil)
        #expect(try await stores[1].classify(limit: 10, planner: old).buildsets.count == 2)
        let built = try await stores[0].buildsets(PageQuery(BuildsetFields(), ascending: true, limit: 10)).map { $0.stamps?.map(\.revision) }
        #expect(built == [[nil, "l1"], ["a1", "l1"]])
    }

    @Test("Which buildset is newer is told by the changes, not by who decided first")
    func supersedesByChanges() async throws {
        var configuration = Samples.configuration(filter: ChangeFilter())
        configuration.schedulers[0].supersede = .pending
        let stores = try await SharedDatabase.make().processes(2, configuration)
        let planner = Planner(configuration: configuration)
        _ = try await stores[0].accept([Samples.change("1"), Samples.change("2")], advancing: nil)
        // Somebody has the first change, and comes to no end yet.
        let held = try await HeldTransaction(stores[0]) { try $0.takeUnclassified(limit: 1, until: ChangeID(.max)).count }
        let newer = try #require(try await stores[1].classify(limit: 10, planner: planner).buildsets.first)
        #expect(try await held.commit() == 1)
        let older = try #require(try await stores[0].classify(limit: 10, planner: planner).buildsets.first)
        let requests = try await stores[0].requests(PageQuery(RequestFields(), ascending: true, limit: 10))
        #expect(requests.map(\.phase) == [.pending, .finished] && requests.map(\.buildset) == [newer, older])
        #expect(requests[1].text == "superseded by buildset \(newer)")
        #expect(try await stores[0].buildset(newer)?.stamp.revision == "2")
    }

    @Test("What is to end unless a build has it is looked at again under its lock")
    func pendingNoMore() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        _ = try await stores[0].force(Samples.force("test"), idempotency: nil)
        _ = try await stores[0].force(Samples.force("test"), idempotency: nil)
        // Somebody has listed both as pending; then a build takes the first.
        let builds = try await WorkerDouble(stores[1], slots: 1).claim(1)
        let taken = try #require(builds.first?.request)
        let others = try await stores[0].requests(PageQuery(RequestFields(), ascending: true, limit: 10)).map(\.id)
        let told = try await stores[0].write("ending") { tx in
            try tx.cancel(others.map { WantedCancel(request: $0, reason: "superseded", evenClaimed: false) })
        }
        #expect(told.isEmpty)
        let requests = try await stores[0].requests(PageQuery(RequestFields(), ascending: true, limit: 10))
        #expect(requests.map(\.phase) == requests.map { $0.id == taken ? .claimed : .finished })
        #expect(requests.first { $0.id == taken }?.text.isEmpty == true)
    }

    @Test("Of two that decide on one branch at once the second waits, and one request is left")
    func supersedesTogether() async throws {
        var configuration = Samples.configuration(filter: ChangeFilter())
        configuration.schedulers[0].supersede = .pending
        let stores = try await SharedDatabase.make().processes(2, configuration)
        let planner = Planner(configuration: configuration)
        _ = try await stores[0].accept([Samples.change("1")], advancing: nil)
        let held = try await HeldTransaction(stores[0]) { try $0.classify(limit: 10, planner: planner, settled: nil) }
        _ = try await stores[0].accept([Samples.change("2")], advancing: nil)
        let second = Task { try await stores[1].classify(limit: 10, planner: planner) }
        try await stores[1].untilSomebodyWaits()
        _ = try await held.commit()
        _ = try await second.value
        let requests = try await stores[0].requests(PageQuery(RequestFields(), ascending: true, limit: 10))
        #expect(requests.map(\.phase) == [.finished, .pending])
    }

    @Test("A quiet time waits for a change that is being accepted and came before its end")
    func changeUnderWay() async throws {
        let clock = ManualStoreClock()
        let stores = try await SharedDatabase.make(clock: clock).processes(2, Self.quiet)
        let planner = Planner(configuration: Self.quiet)
        _ = try await stores[0].accept([Samples.change("1")], advancing: nil)
        _ = try await stores[1].classify(limit: 10, planner: planner)
        clock.advance(by: .seconds(4))
        let held = try await HeldTransaction(stores[0]) { try $0.accept([Samples.change("2")], advancing: nil) }
        clock.advance(by: .seconds(2))
        let firing = Task { try await stores[1].fireQuietTimes(limit: 10, planner: planner) }
        try await stores[1].untilSomebodyWaits()
        _ = try await held.commit()
        #expect(try await firing.value.buildsets.isEmpty)
        _ = try await stores[1].classify(limit: 10, planner: planner)
        clock.advance(by: .seconds(4))
        let made = try await stores[1].fireQuietTimes(limit: 10, planner: planner).buildsets
        let only = try #require(made.first)
        #expect(try await stores[1].buildset(only)?.changes.count == 2)
    }

    @Test("Changes that are accepted many times at once are each one change")
    func sameChanges() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        let changes = (1...20).map { Samples.change("\($0)", key: "key-\($0)") }
        let receipts = try await Self.all(8) { number in
            // In different orders, so that batches meet each other half-way.
            let mine = number.isMultiple(of: 2) ? changes : changes.reversed()
            let receipts = try await stores[number % 2].accept(mine, advancing: nil)
            return number.isMultiple(of: 2) ? receipts : receipts.reversed()
        }
        for number in 0..<20 { #expect(Set(receipts.map { $0[number].id }).count == 1) }
        #expect(receipts.joined().filter(\.created).count == 20)
        #expect(try await stores[0].changes(.init(.init(), limit: 100)).count == 20)
    }

    @Test("A request that is made while a configuration is applied asks for the labels of the new one")
    func configurationUnderWay() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        let held = try await HeldTransaction(stores[0]) { try $0.force(Samples.force(), idempotency: nil) }
        let labelled = Samples.configuration(builders: [Samples.builder("test", labels: ["os": "linux"])])
        let applying = Task { try await stores[1].apply(labelled, digest: Samples.digest(2)) }
        try await stores[1].untilSomebodyWaits()
        let request = try await held.commit().request
        _ = try await applying.value
        #expect(try await WorkerDouble(stores[0], "plain").claim().isEmpty)
        #expect(try await WorkerDouble(stores[0], "linux", labels: ["os": "linux"]).claim().map(\.request) == [request])
    }

    @Test("Calls with one idempotency key at once do one thing and get one answer")
    func sameKey() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        let receipts = try await Self.all(8) { try await stores[$0 % 2].force(Samples.force(), idempotency: Samples.key("once")) }
        #expect(receipts.filter(\.created).count == 1)
        #expect(Set(receipts.map(\.request)).count == 1)
    }

    // MARK: Dispatch

    @Test("A dispatcher passes over what another is giving away, and does not wait for it")
    func matchUnderWay() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        for _ in 0..<3 { _ = try await stores[0].force(Samples.force(), idempotency: nil) }
        let first = try await WorkerDouble(stores[0], "w1", slots: 2)
        let second = try await WorkerDouble(stores[1], "w2", slots: 2)
        let offers = [first.offer()]
        let demand = try await stores[0].read("looking") { try MatchSnapshot($0, offers, stores[0]) }.demand().sorted { $0.key < $1.key }
        let held = try await HeldTransaction(stores[0]) { tx in
            let (snapshot, configuration) = try #require(try MatchSnapshot.locking(demand, offers, tx))
            return try tx.assign(snapshot.decide(), configuration: configuration)
        }
        let others = try await second.claim()
        let own = try await held.commit()
        #expect(own.count == 2)
        #expect(others.count == 1)
        #expect(Set((own + others).map(\.request)).count == 3)
    }

    @Test("A dispatcher locks no more requests than it gives away")
    func locksWhatItGives() async throws {
        let stores = try await SharedDatabase.make().processes(
            2, Samples.configuration(builders: (1...5).map { Samples.builder("b\($0)") }, uses: ["b1"]))
        for number in 1...5 { for _ in 0..<4 { _ = try await stores[0].force(Samples.force("b\(number)"), idempotency: nil) } }
        let worker = try await WorkerDouble(stores[0], slots: 4)
        let offers = [worker.offer()]
        let demand = try await stores[0].read("looking") { try MatchSnapshot($0, offers, stores[0]) }.demand().sorted { $0.key < $1.key }
        let held = try await HeldTransaction(stores[0]) { tx in _ = try MatchSnapshot.locking(demand, offers, tx) }
        let free = try await stores[1].read("counting what nobody holds") { sql in
            try sql.first("SELECT count(*) FROM (SELECT 1 FROM requests WHERE phase = 'pending') r")?.int(0)
        }
        let unlocked = try await stores[1].write("locking the rest") { tx in
            try tx.sql.all("SELECT id FROM requests WHERE phase = 'pending' FOR UPDATE SKIP LOCKED").count
        }
        try await held.commit()
        #expect(free == 20)
        #expect(unlocked == 16)
    }

    @Test("Two completions of the last two requests of a buildset finish it once")
    func lastTwoRequests() async throws {
        let configuration = Samples.configuration(builders: [Samples.builder("a"), Samples.builder("b")], uses: ["a", "b"])
        let stores = try await SharedDatabase.make().processes(2, configuration)
        let first = try await WorkerDouble(stores[0], "w1", slots: 40)
        let second = first.speaking(to: stores[1])
        let rounds = 20
        _ = try await stores[0].accept((1...rounds).map { Samples.change("\($0)") }, advancing: nil)
        _ = try await stores[0].classify(limit: 100, planner: Planner(configuration: configuration))
        let builds = try await first.claim(2 * rounds)
        try await first.accept(builds)
        for pair in Dictionary(grouping: builds, by: \.buildset).values {
            let ends = try await Self.all(2) { number in try await (number == 0 ? first : second).finish(pair[number]) }
            #expect(ends.map { $0?.verdict } == [.applied, .applied])
            #expect(ends.count { $0?.ringScheduling == true } == 1)
        }
        let buildsets = try await stores[0].buildsets(.init(.init(), limit: 100))
        #expect(buildsets.count == rounds)
        #expect(buildsets.allSatisfy { $0.outcome == .success && $0.openRequests == 0 })
        let events = try await stores[0].everyEvent()
        #expect(events.count { $0.kind == .buildsetFinished } == rounds)
        expectContiguousVersions(events)
    }

    @Test("Bytes that arrive while their build is being ended are refused, and the log stays a prefix")
    func appendMeetsEnd() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        _ = try await stores[0].force(Samples.force(), idempotency: nil)
        let worker = try await WorkerDouble(stores[0])
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        try await worker.append(build, at: 0, [1, 2, 3])
        let held = try await HeldTransaction(stores[1]) { tx in
            let builds = try tx.builds([build.build], ending: [build.build])
            _ = try tx.end(builds.values.map { .lost($0, cause: .lost, text: "gone") })
        }
        let appending = Task { try await worker.append(build, at: 3, [4, 5]) }
        try await stores[1].untilSomebodyWaits()
        try await held.commit()
        let answer = try await appending.value
        guard case .stale = answer else {
            Issue.record("the append was answered \(answer)")
            return
        }
        #expect(try await stores[1].readLog(build.build, name: "1-unit", offset: 0, limit: 100) == [1, 2, 3])
        #expect(try await stores[1].logStatus(build.build, name: "1-unit")?.size == 3)
    }

    @Test("The same bytes sent twice at once are in the log once")
    func sameBytes() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        _ = try await stores[0].force(Samples.force(), idempotency: nil)
        let worker = try await WorkerDouble(stores[0])
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        let pieces = (0..<20).map { [UInt8](repeating: UInt8($0), count: 100) }
        for (number, piece) in pieces.enumerated() {
            let answers = try await Self.all(4) { sender in
                try await worker.speaking(to: stores[sender % 2]).append(build, at: Int64(100 * number), piece)
            }
            #expect(answers.count { $0 == .accepted(size: Int64(100 * (number + 1)), grew: true) } == 1)
        }
        let bytes = Array(pieces.joined())
        #expect(try await stores[1].readLog(build.build, name: "1-unit", offset: 0, limit: 10_000) == bytes)
        #expect(try await worker.finish(build, logs: [.of(bytes)])?.verdict == .applied)
    }

    // MARK: Leases and sessions

    @Test("A renewal that commits while its lease is being ended saves the build")
    func renewalMeetsSweep() async throws {
        let clock = ManualStoreClock()
        let start = clock.now()
        let stores = try await SharedDatabase.make(clock: clock).processes(2)
        _ = try await stores[0].force(Samples.force(), idempotency: nil)
        let worker = try await WorkerDouble(stores[0])
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        clock.advance(by: .seconds(29))
        let renewal = worker.report(build, .renew, key: "r")
        let held = try await HeldTransaction(stores[0]) { _ = try $0.apply([renewal], sealed: [:]) }
        clock.advance(by: .seconds(2))
        let sweeping = Task { try await stores[1].expireLeases(reachableSince: start, limit: 10) }
        try await stores[1].untilSomebodyWaits()
        try await held.commit()
        #expect(try await sweeping.value.lost.isEmpty)
        #expect(try await stores[1].build(build.build)?.phase == .running)
    }

    @Test("Incarnations of one worker that start at once leave one session open")
    func incarnations() async throws {
        let stores = try await SharedDatabase.make().processes(2)
        let sessions = try await Self.all(6) { number in
            try await stores[number % 2].openSession(Samples.opening("w1", incarnation: "start-\(number)", secret: number)).session
        }
        #expect(Set(sessions.map(\.id)).count == 6)
        #expect(try await stores[0].openSessions().count == 1)
        expectContiguousVersions(try await stores[0].everyEvent())
    }

    // MARK: Everything

    @Test("Sixteen writers leave each request finished once, and each entity's events without a hole")
    func sixteenWriters() async throws {
        let stores = try await SharedDatabase.make().processes(4)
        let (writers, each) = (16, 6)
        let finished = Watched(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<writers {
                group.addTask {
                    let store = stores[number % stores.count]
                    for _ in 0..<each { _ = try await store.force(Samples.force(), idempotency: nil) }
                    let worker = try await WorkerDouble(store, "w\(number)", slots: 3)
                    while finished.value < writers * each {
                        let builds = try await worker.claim()
                        try await worker.accept(builds)
                        for build in builds {
                            try await worker.tell(build, .stepStarted(StepStart(number: 1)), key: "s")
                            try await worker.append(build, at: 0, [1])
                            try await worker.append(build, at: 1, [2])
                            try await worker.finish(build, logs: [.of([1, 2])])
                            finished.change { $0 += 1 }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let requests = try await stores[0].requests(.init(.init(), limit: 500))
        #expect(requests.count == writers * each)
        #expect(requests.allSatisfy { $0.phase == .finished && $0.outcome == .success })
        #expect(try await stores[0].buildsets(.init(.init(), limit: 500)).allSatisfy { $0.openRequests == 0 && $0.outcome == .success })
        let events = try await stores[1].everyEvent()
        #expect(events.count { $0.kind == .buildFinished } == writers * each)
        #expect(events.count { $0.kind == .requestFinished } == writers * each)
        expectContiguousVersions(events)
    }

    // MARK: How

    /// Classifies on all stores at once until nothing is left.
    private static func classify(_ stores: [PostgresStore], _ configuration: Configuration, limit: Int) async throws -> [BuildsetID] {
        try await all(stores.count) { number in
            var made: [BuildsetID] = []
            while try await stores[number].openWork().unclassified {
                made += try await stores[number].classify(limit: limit, planner: Planner(configuration: configuration)).buildsets
            }
            return made
        }.flatMap { $0 }
    }

    /// Does something several times at once; the results in order.
    private static func all<T: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> T) async throws -> [T] {
        try await withThrowingTaskGroup(of: (Int, T).self) { group in
            for number in 0..<count { group.addTask { (number, try await body(number)) } }
            var results: [Int: T] = [:]
            for try await (number, result) in group { results[number] = result }
            return (0..<count).compactMap { results[$0] }
        }
    }
}
