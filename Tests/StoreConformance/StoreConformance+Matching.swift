import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var matchingRules: [Rule] {
        [
            Rule("a request is given away once, however many ask at once") { try await $0.noDoubleClaim() },
            Rule("an assignment says everything that a worker needs, and is told") { try await $0.assignmentIsWhole() },
            Rule("a cancelled request is never given away") { try await $0.cancelledIsNotClaimed() },
            Rule("priority goes first, then age, over all builders") { try await $0.priorityThenAge() },
            Rule("labels decide who may run what") { try await $0.labelsDecide() },
            Rule("a worker never has more builds than slots, nor more than it offers") { try await $0.slotsBound() },
            Rule("work is spread over the workers") { try await $0.workIsSpread() },
            Rule("a build whose answer was lost is handed out again, the same, before anything new") { try await $0.lostAnswer() },
            Rule("paused workers and ended sessions get nothing") { try await $0.pausedAndEnded() },
            Rule("requests of a builder that the configuration lost wait until it is back") { try await $0.vanishedBuilder() },
        ]
    }

    func noDoubleClaim() async throws {
        let (world, requests) = try await pending(20)
        var workers: [WorkerDouble<S>] = []
        for number in 0..<8 { workers.append(try await WorkerDouble(world.store, "w\(number)", slots: 4)) }
        let given = try await withThrowingTaskGroup(of: [Assignment].self) { group in
            for worker in workers {
                group.addTask { try await worker.claim() }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(given.count == 20)
        #expect(Set(given.map(\.request)) == Set(requests))
        #expect(Set(given.map(\.build)).count == 20)
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func assignmentIsWhole() async throws {
        var builder = Samples.builder("test", labels: ["os": "linux"])
        builder.properties = ["level": 1, "own": true]
        let (world, _) = try await scheduled(Samples.configuration(builders: [builder]))
        var force = Samples.force(revision: "abc")
        force.properties = ["level": 2]
        let receipt = try await world.store.force(force, idempotency: nil)
        let worker = try await WorkerDouble(world.store, labels: ["os": "linux", "more": "yes"])
        let build = try #require(try await worker.claim().first)
        #expect(build.request == receipt.request)
        #expect(build.buildset == receipt.buildset)
        #expect(build.chain == receipt.chain)
        #expect(build.fence == Fence(1))
        #expect(build.attempt == 1)
        #expect(build.session == worker.session.id)
        #expect(build.worker == "w1")
        #expect(build.builder == builder)
        #expect(build.stamp == SourceStamp(project: "demo", repository: Samples.repository, branch: "main", revision: "abc"))
        #expect(build.properties["level"]?.value == 2, "what somebody set is stronger than the builder's default")
        #expect(build.properties["own"] == Property(true, source: "builder test"))
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        #expect(events.suffix(2).map(\.kind) == [.requestClaimed, .buildAssigned])
        #expect(try events.last?.fact(BuildFact.self).worker == "w1")
        #expect(try events.last?.chains().request == receipt.request)
        let request = try await world.store.request(receipt.request)
        #expect(request?.phase == .claimed)
        #expect(request?.builds == [build.build])
        #expect(request?.attempts == 1)
    }

    func cancelledIsNotClaimed() async throws {
        let (world, requests) = try await pending(2)
        _ = try await world.store.cancelRequest(requests[0], reason: "no")
        let worker = try await WorkerDouble(world.store)
        #expect(try await worker.claim().map(\.request) == [requests[1]])
    }

    func priorityThenAge() async throws {
        let builders = ["test", "docs"].map { Samples.builder($0) }
        let (world, _) = try await scheduled(Samples.configuration(builders: builders))
        var requests: [RequestID] = []
        for (number, (builder, priority)) in [("test", 0), ("docs", 5), ("test", 5), ("docs", 0), ("test", 0)].enumerated() {
            let force = Samples.force(builder, revision: "\(number)", priority: priority)
            requests.append(try await world.store.force(force, idempotency: nil).request)
        }
        try await world.store.setPriority(requests[4], priority: 9)
        let worker = try await WorkerDouble(world.store)
        var order: [RequestID] = []
        var holding: [Assignment] = []
        while let next = try await worker.claim(1, holding: holding).first {
            order.append(next.request)
            holding.append(next)
        }
        #expect(order == [requests[4], requests[1], requests[2], requests[0], requests[3]])
    }

    func labelsDecide() async throws {
        let builders = [
            Samples.builder("any"), Samples.builder("linux", labels: ["os": "linux"]),
            Samples.builder("big", labels: ["os": "linux", "size": "big"]),
        ]
        let (world, _) = try await scheduled(Samples.configuration(builders: builders))
        for builder in builders { _ = try await world.store.force(Samples.force(builder.name), idempotency: nil) }
        let both = try await world.store.match([
            WorkerDouble(world.store, "a", labels: ["os": "macos"]).offer(), WorkerDouble(world.store, "b", labels: ["size": "big"]).offer(),
            WorkerDouble(world.store, "c", labels: ["os": "linux", "size": "big"]).offer(),
        ]).assignments
        #expect(both.filter { !$0.builder.labels.isEmpty }.map(\.worker) == ["c", "c"])
        for builder in builders { _ = try await world.store.force(Samples.force(builder.name), idempotency: nil) }
        let mac = try await WorkerDouble(world.store, "mac", labels: ["os": "macos", "size": "big"])
        #expect(try await mac.claim().map(\.builder.name) == ["any"])
        let small = try await WorkerDouble(world.store, "small", labels: ["os": "linux"])
        #expect(try await small.claim().map(\.builder.name) == ["linux"])
        let big = try await WorkerDouble(world.store, "big", labels: ["os": "linux", "size": "big", "gpu": "yes"])
        #expect(try await big.claim().map(\.builder.name) == ["big"])
    }

    func slotsBound() async throws {
        let (world, _) = try await pending(10)
        let worker = try await WorkerDouble(world.store, slots: 3)
        var held = try await worker.claim(2)
        #expect(held.count == 2)
        held += try await worker.claim(5, holding: held)
        #expect(held.count == 3)
        #expect(try await worker.claim(5, holding: held).isEmpty)
        try await worker.accept(held)
        try await worker.finish(held.removeFirst())
        #expect(try await worker.claim(5, holding: held).count == 1)
    }

    func workIsSpread() async throws {
        let (world, _) = try await pending(6)
        var offers: [SlotOffer] = []
        for number in 0..<3 { offers.append(try await WorkerDouble(world.store, "w\(number)", slots: 4).offer()) }
        let builds = try await world.store.match(offers).assignments
        #expect(Dictionary(grouping: builds, by: \.worker).mapValues(\.count) == ["w0": 2, "w1": 2, "w2": 2])
    }

    func lostAnswer() async throws {
        let (world, _) = try await pending(4)
        let worker = try await WorkerDouble(world.store, slots: 2)
        let first = try await worker.claim(1)
        let events = try await world.store.everyEvent().count
        #expect(try await worker.claim(1) == first, "nothing new while it has no room for more than the old")
        #expect(try await world.store.everyEvent().count == events)
        let both = try await worker.claim(2)
        #expect(both.first == first.first)
        #expect(both.count == 2)
        #expect(try await worker.claim(0, holding: both).isEmpty)
        try await worker.accept(both)
        #expect(try await worker.claim(2, holding: []).isEmpty, "an accepted build is known to its worker")
    }

    func pausedAndEnded() async throws {
        let (world, _) = try await pending(2)
        let worker = try await WorkerDouble(world.store, "w1")
        let other = try await WorkerDouble(world.store, "w2")
        try await world.store.setWorkerPaused("w1", paused: true)
        _ = try await world.store.endSession(other.session.id, lost: false, reason: "goodbye")
        #expect(try await world.store.match([worker.offer(), other.offer()]).assignments.isEmpty)
        #expect(try await world.store.match([]).assignments.isEmpty)
        #expect(try await world.store.match([SlotOffer(session: SessionID(999), worker: "nobody", labels: [:], free: 5)]).assignments.isEmpty)
        try await world.store.setWorkerPaused("w1", paused: false)
        #expect(try await worker.claim().count == 2)
    }

    func vanishedBuilder() async throws {
        let (world, _) = try await pending(1)
        let worker = try await WorkerDouble(world.store)
        let without = Samples.configuration(builders: [Samples.builder("docs")], uses: ["docs"])
        _ = try await world.store.apply(without, digest: Samples.digest(7))
        #expect(try await worker.claim().isEmpty)
        _ = try await world.store.apply(Samples.configuration(), digest: Samples.digest(8))
        #expect(try await worker.claim().count == 1)
    }
}
