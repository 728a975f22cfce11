import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var completionRules: [Rule] {
        [
            Rule("what follows a scheduler is made once its buildset has ended as asked, once, at the same revision") { try await $0.follows() },
            Rule("another end starts nothing, unless it is asked for") { try await $0.followsFailures() },
            Rule("what follows is followed in turn") { try await $0.followsFollowers() },
            Rule("replicas that look at once follow an end once") { try await $0.followsOnceTogether() },
            Rule("where nobody follows nothing is remembered") { try await $0.nobodyFollows() },
        ]
    }

    private func following(_ rules: [SchedulerRule]) async throws -> (World<S>, Planner) {
        var configuration = Samples.configuration()
        configuration.schedulers += rules
        configuration.builders += [Samples.builder("upload"), Samples.builder("tell")]
        return try await scheduled(configuration)
    }

    private func rule(_ name: String, on other: String, _ outcomes: Set<Outcome> = Need.usual, builds builder: String) -> SchedulerRule {
        SchedulerRule(name: name, kind: .dependent, builders: [builder], follows: Dependence(schedulers: [other], outcomes: outcomes))
    }

    /// One change, built to this end.
    private func build(_ world: World<S>, _ planner: Planner, _ outcome: Outcome) async throws {
        var change = Samples.change("1")
        change.properties["colour"] = "red"
        _ = try await world.store.accept([change], advancing: nil)
        #expect(try await world.store.classify(limit: 10, planner: planner).buildsets.count == 1)
        try await finishAll(world, outcome)
    }

    private func finishAll(_ world: World<S>, _ outcome: Outcome) async throws {
        let worker = try await WorkerDouble(world.store)
        for build in try await worker.claim() {
            try await worker.accept([build])
            _ = try await worker.finish(build, outcome)
        }
    }

    func follows() async throws {
        let (world, planner) = try await following([rule("publish", on: Samples.configuration().schedulers[0].name, builds: "upload")])
        _ = try await world.store.accept([Samples.change("0")], advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        // Nothing has ended yet.
        #expect(try await world.store.followEnds(limit: 10).taken == 0)
        #expect(try await world.store.openWork().awaited)
        try await finishAll(world, .success)
        let made = try await world.store.followEnds(limit: 10)
        #expect(made.taken == 1 && made.buildsets.count == 1)
        #expect(try await world.store.followEnds(limit: 10) == SchedulingResult(taken: 0, buildsets: []))
        let follower = try #require(made.buildsets.first)
        let buildset = try #require(try await world.store.buildset(follower))
        #expect(buildset.scheduler == "publish" && buildset.stamp.revision == "0" && buildset.changes == [ChangeID(1)])
        #expect(buildset.reason == "buildset 1 of \(Samples.configuration().schedulers[0].name) ended as success")
        let requests = try await world.store.requests(PageQuery(RequestFields(), ascending: true, limit: 10))
        #expect(requests.map(\.builder) == ["test", "upload"] && requests[1].phase == .pending)
        let created = try #require(try await world.store.events(.buildsetCreated).last)
        #expect(try created.chains().changes == [ChangeID(1)])
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func followsFailures() async throws {
        let name = Samples.configuration().schedulers[0].name
        let (world, planner) = try await following([
            rule("publish", on: name, builds: "upload"), rule("complain", on: name, [.failure], builds: "tell"),
        ])
        try await build(world, planner, .failure)
        let made = try await world.store.followEnds(limit: 10).buildsets
        #expect(made.count == 1)
        let follower = try #require(made.first)
        let buildset = try #require(try await world.store.buildset(follower))
        #expect(buildset.scheduler == "complain")
    }

    func followsFollowers() async throws {
        let (world, planner) = try await following([
            rule("publish", on: Samples.configuration().schedulers[0].name, builds: "upload"), rule("after", on: "publish", builds: "tell"),
        ])
        try await build(world, planner, .success)
        #expect(try await world.store.followEnds(limit: 10).buildsets.count == 1)
        try await finishAll(world, .success)
        let made = try await world.store.followEnds(limit: 10).buildsets
        let follower = try #require(made.first)
        #expect(try await world.store.buildset(follower)?.scheduler == "after")
        try await finishAll(world, .success)
        #expect(try await world.store.followEnds(limit: 10).taken == 0)
        #expect(try await !world.store.openWork().awaited)
    }

    func followsOnceTogether() async throws {
        let (world, planner) = try await following([rule("publish", on: Samples.configuration().schedulers[0].name, builds: "upload")])
        try await build(world, planner, .success)
        let store = world.store
        async let first = store.followEnds(limit: 10)
        async let second = store.followEnds(limit: 10)
        #expect(try await first.buildsets.count + second.buildsets.count == 1)
    }

    func nobodyFollows() async throws {
        let (world, planner) = try await following([rule("publish", on: "somebody else", builds: "upload")])
        try await build(world, planner, .success)
        #expect(try await !world.store.openWork().awaited)
        #expect(try await world.store.followEnds(limit: 10).taken == 0)
    }
}
