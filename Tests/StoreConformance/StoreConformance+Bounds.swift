import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var boundRules: [Rule] {
        [
            Rule("a builder never has more builds than its limit, and an end makes room and says so") { try await $0.builderLimit() },
            Rule("a project never has more builds than its limit, whoever's they are") { try await $0.projectLimit() },
            Rule("an exclusive lock is held by one build, from its assignment to its end") { try await $0.exclusiveLock() },
            Rule("counting holders share a lock up to its count, and never with an exclusive one") { try await $0.countingLock() },
            Rule("an exclusive request is not overtaken by counting ones that come later") { try await $0.exclusiveIsNotStarved() },
            Rule("a request that waits for one of its locks is overtaken at none of them") { try await $0.severalLocks() },
            Rule("a request that waits for a limit lets others pass at its locks") { try await $0.limitLetsPass() },
            Rule("who needs no lock waits for none") { try await $0.othersPass() },
            Rule("a lock is kept for an earlier request that a worker elsewhere is free for, and for no other") { try await $0.elsewhere() },
            Rule("whatever ends a build frees what it held") { try await $0.everyEndFrees() },
            Rule("limits and locks are those of the configuration in force") { try await $0.boundsInForce() },
            Rule("the facts of why name what is open and what comes first at a lock") { try await $0.whyBounds() },
        ]
    }

    /// A builder with a limit and locks.
    private static func builder(_ name: String, limit: Int? = nil, _ locks: LockUse..., labels: Labels = [:]) -> Builder {
        var builder = Samples.builder(name, labels: labels)
        builder.limit = limit
        builder.locks = locks
        return builder
    }

    private static func configuration(_ builders: [Builder], count: Int = 1, limit: Int? = nil) -> Configuration {
        var configuration = Samples.configuration(builders: builders, uses: [builders[0].name])
        configuration.locks = [Lock(name: "db", count: count), Lock(name: "net")]
        configuration.limit = limit
        return configuration
    }

    /// Requests of these builders, in this order.
    private func bounded(_ configuration: Configuration, _ builders: [String]) async throws -> (World<S>, [RequestID]) {
        let (world, _) = try await scheduled(configuration)
        return (world, try await Self.force(world, builders))
    }

    private static func force(_ world: World<S>, _ builders: [String]) async throws -> [RequestID] {
        var requests: [RequestID] = []
        for builder in builders { requests.append(try await world.store.force(Samples.force(builder), idempotency: nil).request) }
        return requests
    }

    func builderLimit() async throws {
        let (world, requests) = try await bounded(Self.configuration([Self.builder("test", limit: 2)]), Array(repeating: "test", count: 5))
        let worker = try await WorkerDouble(world.store)
        var held = try await worker.claim()
        try #require(held.map(\.request) == Array(requests[..<2]))
        let other = try await WorkerDouble(world.store, "w2")
        let events = try await world.store.everyEvent().count
        #expect(try await world.store.match([worker.offer(holding: held), other.offer()]).assignments.isEmpty)
        #expect(try await world.store.everyEvent().count == events, "one that waits changes nothing")
        try await worker.accept(held)
        #expect(try await other.claim().isEmpty, "an accepted build counts like an assigned one")
        #expect(try await worker.finish(held.removeFirst())?.ringDispatch == true)
        #expect(try await other.claim().map(\.request) == [requests[2]])
    }

    func projectLimit() async throws {
        let (world, requests) = try await bounded(
            Self.configuration([Self.builder("a"), Self.builder("b")], limit: 3), ["a", "b", "a", "b", "a"])
        let worker = try await WorkerDouble(world.store)
        let held = try await worker.claim()
        try #require(held.map(\.request) == Array(requests[..<3]))
        #expect(try await worker.claim(holding: held).isEmpty)
        try await worker.accept(held)
        for build in held[..<2] { #expect(try await worker.finish(build)?.ringDispatch == true) }
        #expect(try await worker.claim(holding: [held[2]]).map(\.request) == Array(requests[3...]))
    }

    func exclusiveLock() async throws {
        let (world, requests) = try await bounded(
            Self.configuration([Self.builder("a", LockUse("db")), Self.builder("b", LockUse("db"))], count: 5), ["a", "b", "a", "b"])
        let worker = try await WorkerDouble(world.store)
        var order: [RequestID] = []
        while let build = try await worker.claim().first {
            order.append(build.request)
            #expect(try await worker.claim(holding: [build]).isEmpty)
            try await worker.accept([build])
            #expect(try await worker.claim(holding: [build]).isEmpty)
            #expect(try await worker.finish(build)?.ringDispatch == true)
        }
        #expect(order == requests)
    }

    func countingLock() async throws {
        let (world, requests) = try await bounded(
            Self.configuration([Self.builder("read", LockUse("db", .counting)), Self.builder("write", LockUse("db"))], count: 2),
            ["read", "read", "read", "write"])
        let worker = try await WorkerDouble(world.store)
        let first = try await worker.claim()
        try #require(first.map(\.request) == Array(requests[..<2]))
        try await worker.accept(first)
        try await worker.finish(first[0])
        let third = try await worker.claim(holding: [first[1]])
        try #require(third.map(\.request) == [requests[2]])
        try await worker.accept(third)
        try await worker.finish(first[1])
        #expect(try await worker.claim(holding: third).isEmpty)
        try await worker.finish(third[0])
        #expect(try await worker.claim().map(\.request) == [requests[3]])
    }

    func exclusiveIsNotStarved() async throws {
        let (world, first) = try await bounded(
            Self.configuration([Self.builder("read", LockUse("db", .counting)), Self.builder("write", LockUse("db"))], count: 9), ["read"])
        let worker = try await WorkerDouble(world.store)
        let reading = try await worker.claim()
        try #require(reading.map(\.request) == first)
        let later = try await Self.force(world, ["write", "read", "read"])
        #expect(try await worker.claim(holding: reading).isEmpty)
        try await worker.accept(reading)
        try await worker.finish(reading[0])
        let writing = try await worker.claim()
        try #require(writing.map(\.request) == [later[0]])
        try await worker.accept(writing)
        try await worker.finish(writing[0])
        #expect(try await worker.claim().map(\.request) == Array(later[1...]))
    }

    func severalLocks() async throws {
        let builders = [
            Self.builder("db", LockUse("db")), Self.builder("both", LockUse("db"), LockUse("net")), Self.builder("net", LockUse("net")),
        ]
        let (world, requests) = try await bounded(Self.configuration(builders), ["db", "both", "net"])
        let worker = try await WorkerDouble(world.store)
        var order: [RequestID] = []
        while let build = try await worker.claim().first {
            order.append(build.request)
            #expect(try await worker.claim(holding: [build]).isEmpty)
            try await worker.accept([build])
            try await worker.finish(build)
        }
        #expect(order == requests)
    }

    func limitLetsPass() async throws {
        let builders = [Self.builder("one", limit: 1, LockUse("db", .counting)), Self.builder("many", LockUse("db", .counting))]
        let (world, requests) = try await bounded(Self.configuration(builders, count: 3), ["one", "one", "many", "many", "many"])
        let worker = try await WorkerDouble(world.store)
        #expect(try await worker.claim().map(\.request) == [requests[0], requests[2], requests[3]])
    }

    func othersPass() async throws {
        let (world, requests) = try await bounded(
            Self.configuration([Self.builder("a", LockUse("db")), Self.builder("b", LockUse("net")), Self.builder("c")]), ["a", "a", "b", "c", "c"])
        let worker = try await WorkerDouble(world.store)
        #expect(try await worker.claim().map(\.request) == [requests[0], requests[2], requests[3], requests[4]])
    }

    func elsewhere() async throws {
        let linuxOnly: Labels = ["os": "linux"]
        let builders = [
            Self.builder("write", LockUse("db"), labels: linuxOnly), Self.builder("read", LockUse("db", .counting)),
            Self.builder("free", labels: linuxOnly),
        ]
        let (world, requests) = try await bounded(Self.configuration(builders, count: 9), ["write", "read"])
        let plain = try await WorkerDouble(world.store, "plain")
        let linux = try await WorkerDouble(world.store, "linux", labels: linuxOnly, slots: 1)
        #expect(try await plain.claim().isEmpty, "the other worker is free, and about to ask")
        try await world.store.setWorkerPaused("linux", paused: true)
        let reading = try await plain.claim()
        try #require(reading.map(\.request) == [requests[1]], "nobody would build the first")
        try await world.store.setWorkerPaused("linux", paused: false)
        let later = try await Self.force(world, ["read", "read"])
        #expect(try await plain.claim(holding: reading).isEmpty, "somebody would build the first once the lock is free")
        try await plain.accept(reading)
        try await plain.finish(reading[0])
        let writing = try await linux.claim()
        try #require(writing.map(\.request) == [requests[0]])
        let last = try await Self.force(world, ["free", "write"])
        try await world.store.setPriority(last[1], priority: 5)
        try await world.store.setPriority(last[0], priority: 9)
        try await linux.accept(writing)
        try await linux.finish(writing[0])
        #expect(try await linux.claim().map(\.request) == [last[0]])
        #expect(try await plain.claim().map(\.request) == later, "the only worker that could build the first is busy, and the lock is free")
    }

    func everyEndFrees() async throws {
        let (world, requests) = try await bounded(Self.configuration([Self.builder("a", LockUse("db"))]), Array(repeating: "a", count: 5))
        let start = world.clock.now()
        let first = try await WorkerDouble(world.store, "w1")
        let next = try await WorkerDouble(world.store, "w2")
        // Each end lets the request behind it go; one that is lost goes again, and is the first in line.
        let finished = try #require(try await first.claim().first)
        try await first.accept([finished])
        try await first.finish(finished, .failure)
        let cancelled = try #require(try await next.claim().first)
        #expect(cancelled.request == requests[1])
        try await next.accept([cancelled])
        _ = try await world.store.cancelBuild(cancelled.build, reason: "no")
        #expect(try await first.claim().isEmpty, "it is held until the build has ended")
        try await next.finish(cancelled, .cancelled)
        let expired = try #require(try await first.claim().first)
        world.clock.advance(by: .seconds(40))
        #expect(try await world.store.expireLeases(reachableSince: start, limit: 10).lost.map(\.build) == [expired.build])
        let gone = try #require(try await next.claim().first)
        #expect(gone.request == expired.request)
        _ = try await world.store.endSession(next.session.id, lost: true, reason: "gone")
        let again = try #require(try await first.claim().first)
        #expect(again.request == gone.request)
        #expect(again.attempt == 3)
    }

    func boundsInForce() async throws {
        let (world, requests) = try await bounded(
            Self.configuration([Self.builder("a", limit: 1), Self.builder("b", LockUse("db"))]), ["a", "a", "a"])
        let worker = try await WorkerDouble(world.store)
        var held = try await worker.claim()
        try #require(held.map(\.request) == [requests[0]])
        _ = try await world.store.apply(
            Self.configuration([Self.builder("a", limit: 2, LockUse("db", .counting)), Self.builder("b", LockUse("db"))], count: 2),
            digest: Samples.digest(2))
        held += try await worker.claim(holding: held)
        #expect(held.map(\.request) == Array(requests[..<2]))
        let writing = try await Self.force(world, ["b"])
        try await world.store.setPriority(writing[0], priority: 9)
        #expect(try await worker.claim(holding: held).isEmpty, "builds hold what their builder holds now")
        _ = try await world.store.apply(
            Self.configuration([Self.builder("a", limit: 1), Self.builder("b", LockUse("db"))]), digest: Samples.digest(3))
        held += try await worker.claim(holding: held)
        #expect(held.map(\.request) == Array(requests[..<2]) + writing)
        try await worker.accept(held)
        try await worker.finish(held[0])
        #expect(try await worker.claim(holding: Array(held[1...])).isEmpty, "one is open still, and one is the limit")
    }

    func whyBounds() async throws {
        let builders = [Self.builder("write", LockUse("db")), Self.builder("read", LockUse("db", .counting)), Self.builder("free")]
        let (world, requests) = try await bounded(Self.configuration(builders, count: 2), ["read", "free", "write", "read", "free"])
        let worker = try await WorkerDouble(world.store, slots: 2)
        let held = try await worker.claim()
        #expect(held.map(\.request) == Array(requests[..<2]))
        let assigned = world.clock.now()
        world.clock.advance(by: .seconds(5))
        let open = held.map { BoundFacts.OpenBuild(build: $0.build, builder: $0.builder.name, project: "demo", assigned: assigned) }
        #expect(try await world.store.why(requests[2])?.bounds == BoundFacts(open: open, now: world.clock.now()))
        let facts = try #require(try await world.store.why(requests[3]))
        #expect(facts.bounds == BoundFacts(open: open, now: world.clock.now()))
        // The first of each builder that needs the worker or the lock; it is the third itself.
        #expect(facts.line.map(\.place.request).sorted() == Array(requests[2...]) && Set(facts.line.map(\.builder)) == ["write", "read", "free"])
        for other in [requests[0], requests[4]] {
            let facts = try #require(try await world.store.why(other))
            #expect(facts.bounds == nil, "nothing bounds it, or it waits no longer")
        }
    }
}
