import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var leaseRules: [Rule] {
        [
            Rule("a lease ends one period after its last renewal, and not before") { try await $0.leaseEnds() },
            Rule("a repeated report renews the lease, though it changes nothing else") { try await $0.repeatRenews() },
            Rule("an outage of ours extends the leases, up to its limit") { try await $0.outageExtends() },
            Rule("a build that nobody accepts in time is taken back") { try await $0.notAccepted() },
            Rule("a request whose builds are lost is tried as often as its builder says, then ends as exception") { try await $0.attemptsEnd() },
            Rule("a request that loses several workers is stopped and names them") { try await $0.workersLost() },
            Rule("a cancelled request whose worker is lost ends as cancelled") { try await $0.cancelledAndLost() },
            Rule("at most so many leases are ended at once; the rest is due") { try await $0.expiryIsBounded() },
        ]
    }

    func leaseEnds() async throws {
        let (world, worker, builds) = try await running(2)
        let start = world.clock.now()
        let before = try await world.store.everyEvent().count
        #expect(
            try await world.store.expireLeases(reachableSince: start, limit: 10) == LeaseExpiry(lost: [], nextDue: start.advanced(by: .seconds(30))))
        world.clock.advance(by: .seconds(20))
        try await worker.tell(builds[1], .renew, key: "r")
        world.clock.advance(by: .microseconds(9_999_999))
        #expect(try await world.store.expireLeases(reachableSince: start, limit: 10).lost.isEmpty)
        #expect(try await world.store.everyEvent().count == before)
        world.clock.advance(by: .microseconds(1))
        let expiry = try await world.store.expireLeases(reachableSince: start, limit: 10)
        #expect(expiry.lost == [LostBuild(build: builds[0].build, request: builds[0].request, worker: "w1", retried: true)])
        #expect(expiry.nextDue == start.advanced(by: .seconds(50)))
        let lost = try #require(try await world.store.events(.buildLost).first)
        #expect(try lost.fact(BuildFact.self).cause == .lost)
        #expect(try lost.fact(BuildFact.self).outcome == .exception)
        if case .stale? = try await worker.finish(builds[0])?.verdict {} else { Issue.record("a lost build was finished") }
        let again = try #require(try await worker.claim(holding: [builds[1]]).first)
        #expect(again.request == builds[0].request)
        #expect(again.attempt == 2)
        #expect(again.fence > builds[0].fence)
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func repeatRenews() async throws {
        let (world, worker, builds) = try await running()
        let start = world.clock.now()
        let report = worker.report(builds[0], .stepStarted(StepStart(number: 1)), key: "begin")
        _ = try await world.store.apply([report])
        let events = try await world.store.everyEvent().count
        world.clock.advance(by: .seconds(20))
        #expect(try await world.store.apply([report]).first?.verdict == .applied)
        world.clock.advance(by: .seconds(15))
        #expect(
            try await world.store.expireLeases(reachableSince: start, limit: 10) == LeaseExpiry(lost: [], nextDue: start.advanced(by: .seconds(50))))
        #expect(try await world.store.everyEvent().count == events)
    }

    func outageExtends() async throws {
        let (world, _, _) = try await running()
        let start = world.clock.now()
        world.clock.advance(by: .seconds(500))
        let back = world.clock.now()
        var expiry = try await world.store.expireLeases(reachableSince: back, limit: 10)
        #expect(expiry == LeaseExpiry(lost: [], nextDue: back.advanced(by: .seconds(30))))
        world.clock.advance(by: .seconds(129))
        let later = world.clock.now()
        expiry = try await world.store.expireLeases(reachableSince: later, limit: 10)
        #expect(expiry == LeaseExpiry(lost: [], nextDue: start.advanced(by: .seconds(630))))
        world.clock.advance(by: .seconds(1))
        #expect(try await world.store.expireLeases(reachableSince: later, limit: 10).lost.count == 1)
    }

    func notAccepted() async throws {
        let (world, requests) = try await pending(1)
        let worker = try await WorkerDouble(world.store)
        let build = try #require(try await worker.claim().first)
        let start = world.clock.now()
        world.clock.advance(by: .seconds(20))
        try await worker.tell(build, .renew, key: "r")
        world.clock.advance(by: .seconds(10))
        let expiry = try await world.store.expireLeases(reachableSince: start, limit: 10)
        #expect(expiry.lost.map(\.build) == [build.build])
        #expect(expiry.nextDue == nil)
        #expect(try await world.store.build(build.build)?.cause == .notAccepted)
        #expect(try await world.store.request(requests[0])?.phase == .pending)
    }

    /// Gives the request to a worker and lets its lease end.
    private func lose(_ world: World<S>, _ worker: WorkerDouble<S>) async throws -> LostBuild? {
        let builds = try await worker.claim()
        try await worker.accept(builds)
        let since = world.clock.now()
        world.clock.advance(by: .seconds(30))
        return try await world.store.expireLeases(reachableSince: since, limit: 10).lost.first
    }

    func attemptsEnd() async throws {
        let (world, requests) = try await pending(1)
        let worker = try await WorkerDouble(world.store)
        for attempt in 1...3 {
            #expect(try await lose(world, worker)?.retried == (attempt < 3))
        }
        let request = try #require(try await world.store.request(requests[0]))
        #expect(request.phase == .finished)
        #expect(request.outcome == .exception)
        #expect(request.cause == .lost)
        #expect(request.attempts == 3)
        #expect(request.builds.count == 3)
        #expect(try await world.store.buildset(request.buildset)?.outcome == .exception)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        #expect(events.filter { $0.kind == .requestFinished }.count == 1)
    }

    func workersLost() async throws {
        let (world, requests) = try await pending(1, builder: Samples.builder("test", attempts: 9))
        for number in 1...3 {
            let worker = try await WorkerDouble(world.store, "w\(number)")
            #expect(try await lose(world, worker)?.retried == (number < 3))
        }
        let request = try #require(try await world.store.request(requests[0]))
        #expect(request.outcome == .exception)
        #expect(request.cause == .workersLost)
        for name in ["w1", "w2", "w3"] { #expect(request.text.contains(name)) }
    }

    func cancelledAndLost() async throws {
        let (world, worker, builds) = try await running()
        _ = try await world.store.cancelBuild(builds[0].build, reason: "no")
        #expect(try await world.store.endSession(worker.session.id, lost: true, reason: "silent").map(\.retried) == [false])
        let request = try await world.store.request(builds[0].request)
        #expect(request?.outcome == .cancelled)
        #expect(request?.text == "no")
        #expect(try await world.store.buildset(builds[0].buildset)?.outcome == .cancelled)
    }

    func expiryIsBounded() async throws {
        let (world, _, builds) = try await running(5)
        let since = world.clock.now()
        world.clock.advance(by: .seconds(30))
        let first = try await world.store.expireLeases(reachableSince: since, limit: 3)
        #expect(first.lost.count == 3)
        #expect(first.nextDue.map { $0 <= world.clock.now() } == true)
        let second = try await world.store.expireLeases(reachableSince: since, limit: 3)
        #expect(Set((first.lost + second.lost).map(\.build)) == Set(builds.map(\.build)))
        #expect(second.nextDue == nil)
    }
}
