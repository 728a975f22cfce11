import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var supersedingRules: [Rule] {
        [
            Rule("without a word in the rule everything is built") { try await $0.supersedesNothing() },
            Rule("a newer buildset ends older requests of its branch that no worker has") { try await $0.supersedesPending() },
            Rule("builds end too where the rule says so, and their workers are named") { try await $0.supersedesRunning() },
            Rule("other branches and other rules go on") { try await $0.supersedesItsOwn() },
        ]
    }

    private func superseding(_ which: SchedulerRule.Superseding?) async throws -> (World<S>, Planner) {
        var configuration = Samples.configuration(filter: ChangeFilter())
        configuration.schedulers[0].supersede = which
        configuration.schedulers.append(
            SchedulerRule(name: "other", kind: .anyBranch, filter: ChangeFilter(branches: [Glob("shared")]), builders: ["test"]))
        return try await scheduled(configuration)
    }

    private func push(_ world: World<S>, _ planner: Planner, _ revisions: String..., branch: String = "main") async throws -> SchedulingResult {
        _ = try await world.store.accept(revisions.map { Samples.change($0, branch: branch) }, advancing: nil)
        return try await world.store.classify(limit: 100, planner: planner)
    }

    private func phases(_ world: World<S>) async throws -> [RequestPhase] {
        try await world.store.requests(PageQuery(RequestFields(), ascending: true, limit: 100)).map(\.phase)
    }

    func supersedesNothing() async throws {
        let (world, planner) = try await superseding(nil)
        _ = try await push(world, planner, "1")
        _ = try await push(world, planner, "2")
        #expect(try await phases(world) == [.pending, .pending])
    }

    func supersedesPending() async throws {
        let (world, planner) = try await superseding(.pending)
        _ = try await push(world, planner, "1")
        let builds = try await WorkerDouble(world.store).claim()
        #expect(builds.count == 1)
        // Those of one push supersede each other.
        let result = try await push(world, planner, "2", "3", "4")
        #expect(result.buildsets.count == 3 && result.superseded.isEmpty)
        #expect(try await phases(world) == [.claimed, .finished, .finished, .pending])
        let requests = try await world.store.requests(PageQuery(RequestFields(), ascending: true, limit: 100))
        #expect(requests[1].outcome == .cancelled && requests[1].text == "superseded by buildset \(result.buildsets[1])")
        let buildsets = try await world.store.buildsets(PageQuery(BuildsetFields(), ascending: true, limit: 100))
        #expect(buildsets.map(\.outcome) == [nil, .cancelled, .cancelled, nil])
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        #expect(events.count { $0.kind == .requestCancelled } == 2)
    }

    func supersedesRunning() async throws {
        let (world, planner) = try await superseding(.running)
        _ = try await push(world, planner, "1")
        let worker = try await WorkerDouble(world.store)
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        let result = try await push(world, planner, "2")
        let buildset = try #require(result.buildsets.first)
        #expect(
            result.superseded == [BuildCancel(build: build.build, session: worker.session.id, reason: "superseded by buildset \(buildset)")])
        _ = try await worker.finish(build, .cancelled, cause: .cancelled)
        #expect(try await phases(world) == [.finished, .pending])
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func supersedesItsOwn() async throws {
        let (world, planner) = try await superseding(.running)
        _ = try await push(world, planner, "1", branch: "shared")
        _ = try await push(world, planner, "2")
        #expect(try await phases(world) == [.pending, .pending, .pending])
        _ = try await push(world, planner, "3", branch: "shared")
        let requests = try await world.store.requests(PageQuery(RequestFields(), ascending: true, limit: 100))
        let ended = requests.filter { $0.phase == .finished }
        // The other rule has no such word: its older request goes on.
        #expect(ended.count == 1 && requests.count == 5)
    }
}
