import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var needRules: [Rule] {
        [
            Rule("a request that needs others waits until they have ended as it asks, and is told when it is released") { try await $0.waits() },
            Rule("what can never be released is skipped, with all that follows from it, by the same transaction") { try await $0.skips() },
            Rule("a need of something that is not built with it is no need") { try await $0.needsNobody() },
            Rule("a request that waits can be cancelled, and those that need it are skipped") { try await $0.cancelWaiting() },
            Rule("a request whose need is tried again goes on waiting") { try await $0.waitsForRetry() },
        ]
    }

    private static func builder(_ name: String, needs: Need...) -> Builder {
        var builder = Samples.builder(name)
        builder.needs = needs
        return builder
    }

    /// One change, for `build`, `test` (needs build), `deploy` (needs both) and `report` (needs test, however it ends).
    private func graph() async throws -> (World<S>, WorkerDouble<S>) {
        let (world, planner) = try await scheduled(
            Samples.configuration(
                builders: [
                    Self.builder("deploy", needs: Need(builder: "build"), Need(builder: "test")), Self.builder("test", needs: Need(builder: "build")),
                    Self.builder("report", needs: Need(builder: "test", outcomes: Set(Outcome.allCases))), Self.builder("build"),
                ], uses: ["deploy", "test", "report", "build"]))
        _ = try await world.store.accept([Samples.change("abc")], advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        return (world, try await WorkerDouble(world.store))
    }

    private func phases(_ store: S) async throws -> [String: RequestPhase] {
        try await store.requests(PageQuery(RequestFields(), limit: 10)).reduce(into: [:]) { $0[$1.builder] = $1.phase }
    }

    private func finish(_ worker: WorkerDouble<S>, _ outcome: Outcome = .success) async throws -> ReportAnswer? {
        let builds = try await worker.claim(1)
        try await worker.accept(builds)
        return try await worker.finish(try #require(builds.first), outcome)
    }

    func waits() async throws {
        let (world, worker) = try await graph()
        #expect(try await phases(world.store) == ["build": .pending, "test": .waiting, "deploy": .waiting, "report": .waiting])
        let created = try await world.store.events(.requestCreated).map { try $0.fact(RequestFact.self) }
        #expect(created.map(\.phase) == [.waiting, .waiting, .waiting, .pending])
        let waiting = try #require(try await world.store.requests(PageQuery(RequestFields(), limit: 10)).first { $0.builder == "deploy" })
        #expect(try await world.store.why(waiting.id)?.needs.map(\.builder) == ["build", "test"])
        // Only one can be had, whatever is asked for.
        let first = try await worker.claim()
        #expect(first.map(\.builder.name) == ["build"])
        try await worker.accept(first)
        #expect(try await worker.finish(try #require(first.first), .warnings)?.ringDispatch == true)
        #expect(try await phases(world.store) == ["build": .finished, "test": .pending, "deploy": .waiting, "report": .waiting])
        #expect(try await world.store.why(waiting.id)?.needs.map(\.builder) == ["test"])
        _ = try await finish(worker)
        #expect(try await phases(world.store) == ["build": .finished, "test": .finished, "deploy": .pending, "report": .pending])
        _ = try await finish(worker)
        _ = try await finish(worker)
        let buildset = try #require(try await world.store.buildsets(PageQuery(BuildsetFields(), limit: 10)).first)
        #expect(buildset.outcome == .warnings)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        let released = try events.filter { $0.kind == .requestReleased }.map { try $0.fact(RequestFact.self) }
        #expect(released.map(\.builder).sorted() == ["deploy", "report", "test"])
        #expect(released.allSatisfy { $0.phase == .pending })
    }

    func skips() async throws {
        let (world, worker) = try await graph()
        _ = try await finish(worker, .failure)
        // `report` takes any end of `test`, and `skipped` is one.
        #expect(try await phases(world.store) == ["build": .finished, "test": .finished, "deploy": .finished, "report": .pending])
        let ends = try await world.store.events(.requestFinished).map { try $0.fact(RequestFact.self) }
        #expect(ends.filter { $0.outcome == .skipped }.map(\.builder).sorted() == ["deploy", "test"])
        #expect(ends.filter { $0.outcome == .skipped }.allSatisfy { $0.cause == .needsNotMet })
        #expect(ends.first { $0.builder == "test" }?.text == "it needs build, which ended as failure")
        _ = try await finish(worker)
        let buildset = try #require(try await world.store.buildsets(PageQuery(BuildsetFields(), limit: 10)).first)
        #expect(buildset.outcome == .failure)
        #expect(buildset.openRequests == 0)
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func needsNobody() async throws {
        let (world, _) = try await graph()
        _ = try await world.store.force(Samples.force("deploy"), idempotency: nil)
        let forced = try #require(try await world.store.requests(PageQuery(RequestFields(), limit: 1)).first)
        #expect(forced.builder == "deploy")
        #expect(forced.phase == .pending)
    }

    func cancelWaiting() async throws {
        let (world, worker) = try await graph()
        let requests = try await world.store.requests(PageQuery(RequestFields(), limit: 10))
        let test = try #require(requests.first { $0.builder == "test" })
        #expect(try await world.store.cancelRequest(test.id, reason: "not wanted").phase == .finished)
        #expect(try await phases(world.store) == ["build": .pending, "test": .finished, "deploy": .finished, "report": .pending])
        _ = try await finish(worker)
        _ = try await finish(worker)
        let buildset = try #require(try await world.store.buildsets(PageQuery(BuildsetFields(), limit: 10)).first)
        #expect(buildset.outcome == .cancelled)
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func waitsForRetry() async throws {
        let (world, worker) = try await graph()
        #expect(try await worker.claim().map(\.builder.name) == ["build"])
        _ = try await world.store.endSession(worker.session.id, lost: false, reason: "bye")
        #expect(try await phases(world.store) == ["build": .pending, "test": .waiting, "deploy": .waiting, "report": .waiting])
    }
}
