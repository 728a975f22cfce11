import Domain
import Storage
import Testing

extension StoreConformance where S: ChangeStore & ConfigurationStore & SchedulingStore & ControlStore & OutboxStore {
    public static var controlRules: [Rule] {
        [
            Rule("force makes a buildset of one builder") { try await $0.forceBuilds() },
            Rule("force with the same key gives the first answer, with another body it is refused") { try await $0.forceOnce() },
            Rule("an idempotency key belongs to a principal and a route, and is kept for seven days") { try await $0.keysHaveScope() },
            Rule("force of an unknown builder names the known ones") { try await $0.forceUnknown() },
            Rule("cancelling a pending request ends it and its buildset, once") { try await $0.cancelPending() },
            Rule("a buildset ends with its last request, and has the worst outcome") { try await $0.buildsetEndsWithLast() },
            Rule("the priority of an open request can be set, of a finished one not") { try await $0.priorities() },
            Rule("what is not there is not found") { try await $0.notFound() },
        ]
    }

    func forceBuilds() async throws {
        let (world, _) = try await scheduled(Samples.configuration(builders: [Samples.builder("test", priority: 5)]))
        var force = Samples.force(priority: 2)
        force.properties = ["level": 3]
        let receipt = try await world.store.force(force, idempotency: nil)
        #expect(receipt.created)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        #expect(events.map(\.kind) == [.configApplied, .buildsetCreated, .requestCreated])
        #expect(events[1].entityID == receipt.buildset.rawValue)
        #expect(try events[1].chains().id == receipt.chain)
        #expect(try events[1].fact(BuildsetFact.self).reason == "by hand")
        #expect(events[2].entityID == receipt.request.rawValue)
        #expect(try events[2].fact(RequestFact.self).priority == 7)
        let second = try await world.store.force(force, idempotency: nil)
        #expect(second.buildset != receipt.buildset)
        #expect(second.chain != receipt.chain)
    }

    func forceOnce() async throws {
        let (world, _) = try await scheduled(Samples.configuration())
        let first = try await world.store.force(Samples.force(), idempotency: Samples.key("a"))
        var again = try await world.store.force(Samples.force(), idempotency: Samples.key("a"))
        #expect(!again.created)
        again.created = true
        #expect(again == first)
        await #expect {
            try await world.store.force(Samples.force(revision: "2"), idempotency: Samples.key("a", body: 2))
        } throws: { error in
            if case StoreError.conflict(let text) = error { text.contains("idempotency key") } else { false }
        }
        #expect(try await world.store.events(.buildsetCreated).count == 1)
    }

    func keysHaveScope() async throws {
        let (world, _) = try await scheduled(Samples.configuration())
        var other = Samples.key("a")
        other.principal = "somebody"
        let first = try await world.store.force(Samples.force(), idempotency: Samples.key("a"))
        let second = try await world.store.force(Samples.force(), idempotency: other)
        #expect(first.buildset != second.buildset)
        world.clock.advance(by: .seconds(7 * 86_400 - 1))
        #expect(try await world.store.force(Samples.force(), idempotency: Samples.key("a")).buildset == first.buildset)
        world.clock.advance(by: .seconds(2))
        #expect(try await world.store.force(Samples.force(), idempotency: Samples.key("a")).created)
    }

    func forceUnknown() async throws {
        let (world, _) = try await scheduled(Samples.configuration(builders: [Samples.builder("test"), Samples.builder("docs")]))
        await #expect {
            try await world.store.force(Samples.force("tset"), idempotency: Samples.key("a"))
        } throws: { error in
            if case StoreError.notFound(let text) = error { text.contains("tset") && text.contains("test, docs") } else { false }
        }
        #expect(try await world.store.force(Samples.force(), idempotency: Samples.key("a")).created, "a refusal does not use up the key")
    }

    func cancelPending() async throws {
        let (world, _) = try await scheduled(Samples.configuration())
        let request = try await world.store.force(Samples.force(), idempotency: nil).request
        let receipt = try await world.store.cancelRequest(request, reason: "not wanted")
        #expect(receipt == CancelReceipt(phase: .finished, build: nil))
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        #expect(events.suffix(3).map(\.kind) == [.requestCancelled, .requestFinished, .buildsetFinished])
        let finished = try events[events.count - 2].fact(RequestFact.self)
        #expect(finished.outcome == .cancelled)
        #expect(finished.cause == .cancelled)
        #expect(finished.text == "not wanted")
        #expect(try events[events.count - 1].fact(BuildsetFact.self).outcome == .cancelled)
        #expect(try await world.store.cancelRequest(request, reason: "again") == receipt)
        #expect(try await world.store.everyEvent().count == events.count)
    }

    func buildsetEndsWithLast() async throws {
        let (world, planner) = try await scheduled(
            Samples.configuration(builders: [Samples.builder("test"), Samples.builder("docs")], uses: ["test", "docs"]))
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        let requests = try await world.store.events(.requestCreated).map { RequestID($0.entityID) }
        _ = try await world.store.cancelRequest(requests[0], reason: "")
        #expect(try await world.store.events(.buildsetFinished).isEmpty)
        _ = try await world.store.cancelRequest(requests[1], reason: "")
        let finished = try await world.store.events(.buildsetFinished)
        #expect(finished.count == 1)
        #expect(try finished.first?.fact(BuildsetFact.self).builders == ["test", "docs"])
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func priorities() async throws {
        let (world, _) = try await scheduled(Samples.configuration())
        let request = try await world.store.force(Samples.force(), idempotency: nil).request
        try await world.store.setPriority(request, priority: -3)
        _ = try await world.store.cancelRequest(request, reason: "")
        let finished = try #require(try await world.store.events(.requestFinished).first)
        #expect(try finished.fact(RequestFact.self).priority == -3)
        await #expect {
            try await world.store.setPriority(request, priority: 1)
        } throws: { error in
            if case StoreError.conflict = error { true } else { false }
        }
    }

    func notFound() async throws {
        let (world, _) = try await scheduled(Samples.configuration())
        let store = world.store
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await store.cancelRequest(RequestID(99), reason: "") },
            { _ = try await store.cancelBuild(BuildID(99), reason: "") },
            { _ = try await store.rebuild(BuildID(99), reason: "", idempotency: nil) },
            { try await store.setPriority(RequestID(99), priority: 1) },
            { try await store.setWorkerPaused("nobody", paused: true) },
        ]
        for (number, call) in calls.enumerated() {
            await #expect("call \(number)") {
                try await call()
            } throws: { error in
                if case StoreError.notFound = error { true } else { false }
            }
        }
    }
}
