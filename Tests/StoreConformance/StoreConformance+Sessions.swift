import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var sessionRules: [Rule] {
        [
            Rule("the same incarnation again gets the same session, and is told once") { try await $0.sessionIsRepeatable() },
            Rule("an incarnation that is opened with another secret is refused") { try await $0.secretBelongsToIncarnation() },
            Rule("a new incarnation ends the old session, and as lost every build it held") { try await $0.newIncarnation() },
            Rule("a session ends once; only one that was lost tells worker.lost") { try await $0.sessionEndsOnce() },
            Rule("a worker that was given up for lost goes on under its number, unless it started anew") { try await $0.lostWorkerReturns() },
            Rule("pausing belongs to the worker and outlives its sessions") { try await $0.pausingStays() },
        ]
    }

    /// A store with one builder `test` and this many pending requests of it, oldest first.
    func pending(_ count: Int, builder: Builder = Samples.builder("test")) async throws -> (World<S>, [RequestID]) {
        let (world, _) = try await scheduled(Samples.configuration(builders: [builder]))
        var requests: [RequestID] = []
        for number in 0..<count {
            requests.append(try await world.store.force(Samples.force(builder.name, revision: "\(number)"), idempotency: nil).request)
        }
        return (world, requests)
    }

    func sessionIsRepeatable() async throws {
        let (world, _) = try await pending(0)
        let opening = Samples.opening("w1", labels: ["os": "linux"], slots: 3)
        let first = try await world.store.openSession(opening)
        let again = try await world.store.openSession(opening)
        #expect(first == again)
        #expect(first.session.labels == ["os": "linux"])
        #expect(first.session.slots == 3)
        #expect(try await world.store.session(first.session.id) == first.session)
        #expect(try await world.store.openSessions() == [first.session])
        #expect(try await world.store.events(.workerConnected).count == 1)
    }

    func secretBelongsToIncarnation() async throws {
        let (world, _) = try await pending(0)
        _ = try await world.store.openSession(Samples.opening("w1"))
        await #expect {
            try await world.store.openSession(Samples.opening("w1", secret: 2))
        } throws: { error in
            if case StoreError.conflict = error { true } else { false }
        }
    }

    func newIncarnation() async throws {
        let (world, requests) = try await pending(2)
        let old = try await WorkerDouble(world.store, incarnation: "a")
        let builds = try await old.claim()
        try await old.accept([builds[0]])
        let opened = try await world.store.openSession(Samples.opening("w1", incarnation: "b"))
        #expect(opened.session.id != old.session.id)
        #expect(opened.lost == builds.map { LostBuild(build: $0.build, request: $0.request, worker: "w1", retried: true) })
        #expect(try await world.store.session(old.session.id) == nil)
        #expect(try await world.store.openSessions().map(\.id) == [opened.session.id])
        for request in requests {
            #expect(try await world.store.request(request)?.phase == .pending)
        }
        for build in builds {
            let row = try await world.store.build(build.build)
            #expect(row?.phase == .finished)
            #expect(row?.outcome == .exception)
            #expect(row?.cause == .lost)
            #expect(row.map { $0.fence > build.fence } == true)
        }
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        for kind in [EventKind.buildLost, .requestUnclaimed] { #expect(events.filter { $0.kind == kind }.count == 2) }
        #expect(events.filter { $0.kind == .workerLost }.map(\.entityID) == [old.session.id.rawValue])
        if case .stale? = try await old.tell(builds[0], .renew, key: "late")?.verdict {} else { Issue.record("the old owner is not refused") }
    }

    func sessionEndsOnce() async throws {
        let (world, _) = try await pending(1)
        let first = try await WorkerDouble(world.store, "w1")
        let second = try await WorkerDouble(world.store, "w2")
        _ = try await first.claim()
        #expect(try await world.store.endSession(first.session.id, lost: true, reason: "silent").count == 1)
        #expect(try await world.store.endSession(first.session.id, lost: true, reason: "silent").isEmpty)
        #expect(try await world.store.endSession(second.session.id, lost: false, reason: "goodbye").isEmpty)
        let lost = try await world.store.events(.workerLost)
        #expect(lost.map(\.entityID) == [first.session.id.rawValue])
        #expect(try lost.first?.fact(WorkerFact.self).reason == "silent")
        #expect(try await world.store.workers().map(\.connected) == [false, false])
    }

    func lostWorkerReturns() async throws {
        let (world, _) = try await pending(0)
        let worker = try await WorkerDouble(world.store, incarnation: "a")
        _ = try await world.store.endSession(worker.session.id, lost: true, reason: "silent")
        let again = try await world.store.openSession(Samples.opening("w1", incarnation: "a"))
        #expect(again.session.id == worker.session.id)
        _ = try await world.store.openSession(Samples.opening("w1", incarnation: "b"))
        await #expect {
            try await world.store.openSession(Samples.opening("w1", incarnation: "a"))
        } throws: { error in
            if case StoreError.conflict(let text) = error { text.contains("w1") } else { false }
        }
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        #expect(events.filter { $0.kind == .workerConnected }.count == 3)
    }

    func pausingStays() async throws {
        let (world, _) = try await pending(1)
        let worker = try await WorkerDouble(world.store, incarnation: "a")
        try await world.store.setWorkerPaused("w1", paused: true)
        #expect(try await world.store.session(worker.session.id)?.paused == true)
        let next = try await WorkerDouble(world.store, incarnation: "b")
        #expect(next.session.paused)
        #expect(try await next.claim().isEmpty)
        try await world.store.setWorkerPaused("w1", paused: false)
        #expect(try await next.claim().count == 1)
    }
}
