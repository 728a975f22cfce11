import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var codebaseRules: [Rule] {
        [
            Rule("a build has what changed, and the newest of what did not") { try await $0.buildsLatest() },
            Rule("pull requests and what nobody may trust are no newest of what did not change") { try await $0.latestIsTrusted() },
            Rule("however changes are split into batches, the same is built") { try await $0.splitsNothing() },
            Rule("changes of several codebases become one build when all is quiet") { try await $0.codebasesWaitTogether() },
            Rule("a newer build of the same branches ends older ones, whichever codebase changed") { try await $0.supersedesLines() },
            Rule("builds of several codebases go to workers that know them, with a place for each") { try await $0.assignsSources() },
            Rule("what a rebuild, a follower and a trigger build has the same codebases") { try await $0.passesCodebasesOn() },
            Rule("a rule of the clock builds the newest of each codebase, and nothing when none is newer") { try await $0.clocksCodebases() },
            Rule("a configuration with other labels leaves builds of several codebases to workers that know them") {
                try await $0.repointsCodebases()
            },
        ]
    }

    private func stamps(_ world: World<S>) async throws -> [[String?]?] {
        try await world.store.buildsets(PageQuery(BuildsetFields(), ascending: true, limit: 200)).map { $0.stamps?.map(\.revision) }
    }

    private func accept(_ world: World<S>, _ changes: NewChange...) async throws {
        _ = try await world.store.accept(changes, advancing: nil)
    }

    private func able(_ world: World<S>) async throws -> WorkerDouble<S> {
        try await WorkerDouble(world.store, "able", labels: [Codebase.label: Codebase.labelValue])
    }

    func buildsLatest() async throws {
        let (world, planner) = try await scheduled(Samples.codebases())
        try await accept(world, Samples.change("a1", of: "app"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        try await accept(world, Samples.change("l1", of: "lib"), Samples.change("l2", of: "lib", branch: "topic"), Samples.change("a2", of: "app"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        // Of no codebase at all.
        try await accept(world, Samples.change("x1"))
        #expect(try await world.store.classify(limit: 10, planner: planner).buildsets.isEmpty)
        #expect(try await stamps(world) == [["a1", nil], ["a1", "l1"], ["a1", "l2"], ["a2", "l1"]])
        let third = try #require(try await world.store.buildset(BuildsetID(3)))
        #expect(third.stamp.codebase == "app" && third.stamp.branch == "main" && third.further.map(\.branch) == ["topic"])
        let created = try await world.store.events(.buildsetCreated)
        #expect(created.last?.data.contains(#""stamps":[{"branch":"main","codebase":"app""#) == true)
    }

    func latestIsTrusted() async throws {
        let (world, planner) = try await scheduled(Samples.codebases())
        var pull = Samples.change("pull", of: "lib")
        pull.category = PullProperty.category
        var foreign = Samples.change("foreign", of: "lib")
        foreign.properties[PullProperty.untrusted] = true
        try await accept(world, Samples.change("l1", of: "lib"), pull, foreign, Samples.change("a1", of: "app"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        #expect(try await stamps(world) == [[nil, "l1"], ["a1", "l1"]])
    }

    func splitsNothing() async throws {
        var random = SeededRandom(seed: 7)
        let changes = (1...60).map { number in
            let codebase = ["app", "lib", "other"].randomElement(using: &random) ?? "app"
            return Samples.change("\(codebase)\(number)", of: codebase, branch: Int.random(in: 0..<5, using: &random) == 0 ? "topic" : nil)
        }
        var built: [[[String?]?]] = []
        for most in [1, 7, 60] {
            let (world, planner) = try await scheduled(Samples.codebases())
            _ = try await world.store.accept(changes, advancing: nil)
            while try await world.store.classify(limit: most, planner: planner).taken > 0 {}
            built.append(try await stamps(world))
        }
        #expect(built[0] == built[1] && built[1] == built[2])
        #expect(built[0].count == changes.count { !$0.repository.contains("other") })
    }

    func codebasesWaitTogether() async throws {
        let (world, planner) = try await scheduled(Samples.codebases(quiet: .seconds(5)))
        try await accept(world, Samples.change("l1", of: "lib"), Samples.change("t1", of: "lib", branch: "topic"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        world.clock.advance(by: .seconds(3))
        try await accept(world, Samples.change("a1", of: "app"), Samples.change("l2", of: "lib"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        world.clock.advance(by: .seconds(6))
        // Too late for what is due.
        try await accept(world, Samples.change("l3", of: "lib"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        _ = try await world.store.fireQuietTimes(limit: 10, planner: planner)
        world.clock.advance(by: .seconds(6))
        _ = try await world.store.fireQuietTimes(limit: 10, planner: planner)
        let all = try await world.store.buildsets(PageQuery(BuildsetFields(), ascending: true, limit: 10))
        let newest: [String?] = ["a1", "l3"]
        #expect(all.contains { $0.stamps?.map(\.revision) == newest })
        #expect(all.first { $0.further.first?.branch == "topic" }?.stamp.revision == nil)
        #expect(Set(all.flatMap(\.changes)).count == 5 && all.flatMap(\.changes).count == 5)
        #expect(all.last?.changes.count == 4)
    }

    func supersedesLines() async throws {
        let (world, planner) = try await scheduled(Samples.codebases { $0.supersede = .pending })
        try await accept(
            world, Samples.change("a1", of: "app"), Samples.change("t1", of: "lib", branch: "topic"), Samples.change("l1", of: "lib"),
            Samples.change("a2", of: "app", branch: "topic"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        let requests = try await world.store.requests(PageQuery(RequestFields(), ascending: true, limit: 10))
        #expect(requests.map(\.phase) == [.finished, .pending, .pending, .pending])
        try await accept(world, Samples.change("t2", of: "lib", branch: "topic"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        let then = try await world.store.requests(PageQuery(RequestFields(), ascending: true, limit: 10))
        #expect(then.map(\.phase) == [.finished, .finished, .pending, .pending, .pending])
        #expect(then[1].text == "superseded by buildset 5")
    }

    func assignsSources() async throws {
        let (world, planner) = try await scheduled(Samples.codebases())
        try await accept(world, Samples.change("l1", of: "lib"), Samples.change("a1", of: "app"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        #expect(try await WorkerDouble(world.store, "old").claim().isEmpty)
        let worker = try await able(world)
        let builds = try await worker.claim()
        let last = try #require(builds.last)
        #expect(builds.count == 2 && last.sources.map(\.path) == ["app", "deps/lib"])
        #expect(last.sources.map(\.stamp.revision) == ["a1", "l1"] && last.stamp == last.sources[0].stamp)
        #expect(last.builtInProperties["revision_lib"]?.value == "l1" && last.builtInProperties["branch_lib"]?.value == "stable")
        // Handed out again, it is the same.
        #expect(try await worker.claim().last?.sources == last.sources)
        _ = try await world.store.force(Samples.force(), idempotency: nil)
        let plain = try await WorkerDouble(world.store, "old", incarnation: "b").claim()
        #expect(plain.count == 1 && plain[0].sources.isEmpty)
        #expect(try await world.store.build(last.build)?.stamps == last.sources.map(\.stamp))
        #expect(try await world.store.request(last.request)?.stamps == last.sources.map(\.stamp))
    }

    func passesCodebasesOn() async throws {
        var configuration = Samples.codebases()
        configuration.builders.append(Samples.builder("after"))
        configuration.builders[0].steps.append(
            StepRecipe(name: "deploy", action: .trigger(StepRecipe.Trigger(schedulers: ["deploys"]))))
        configuration.schedulers.append(
            SchedulerRule(name: "follow", kind: .dependent, builders: ["after"], follows: Dependence(schedulers: ["commits"])))
        configuration.schedulers.append(SchedulerRule(name: "deploys", kind: .triggerable, builders: ["after"]))
        let (world, planner) = try await scheduled(configuration)
        try await accept(world, Samples.change("l1", of: "lib"), Samples.change("a1", of: "app"))
        _ = try await world.store.classify(limit: 1, planner: planner)
        _ = try await world.store.classify(limit: 1, planner: planner)
        let worker = try await able(world)
        let build = try #require(try await worker.claim().last)
        try await worker.accept([build])
        let call = StepCall(build: build.build, session: build.session, fence: build.fence, step: 2, attempt: 1)
        guard case .made = try await world.store.trigger(call) else { throw StoreError.internalError("nothing was triggered") }
        try await worker.finish(build)
        _ = try await world.store.followEnds(limit: 10)
        let again = try await world.store.rebuild(build.build, reason: "again", idempotency: nil)
        #expect(try await world.store.buildset(again.buildset)?.stamps == build.sources.map(\.stamp))
        #expect(try await stamps(world) == [[nil, "l1"], ["a1", "l1"], ["a1", "l1"], ["a1", "l1"], ["a1", "l1"]])
    }

    func clocksCodebases() async throws {
        var configuration = Samples.codebases()
        var schedule = Schedule(timing: .every(.seconds(60)))
        schedule.onlyIfChanged = true
        configuration.schedulers = [
            SchedulerRule(name: "nightly", kind: .periodic, builders: ["test"], schedule: schedule, codebases: ["app", "lib"])
        ]
        let (world, _) = try await scheduled(configuration)
        let zone: @Sendable (String) -> ZoneRule? = { _ in nil }
        func fire() async throws -> SchedulingResult {
            world.clock.advance(by: .seconds(61))
            return try await world.store.fireSchedules(zone: zone)
        }
        _ = try await world.store.fireSchedules(zone: zone)
        #expect(try await fire().unable == ["nightly: no change of app, lib is known yet"])
        try await accept(world, Samples.change("l1", of: "lib"), Samples.change("a1", of: "app"), Samples.change("t", of: "app", branch: "topic"))
        #expect(try await fire().buildsets.count == 1)
        #expect(try await fire().buildsets.isEmpty)
        try await accept(world, Samples.change("l2", of: "lib"))
        #expect(try await fire().buildsets.count == 1)
        #expect(try await stamps(world) == [["a1", "l1"], ["a1", "l2"]])
    }

    func repointsCodebases() async throws {
        var configuration = Samples.codebases()
        let (world, planner) = try await scheduled(configuration)
        try await accept(world, Samples.change("a1", of: "app"))
        _ = try await world.store.classify(limit: 10, planner: planner)
        _ = try await world.store.force(Samples.force(), idempotency: nil)
        configuration.builders[0].labels = ["os": "linux"]
        _ = try await world.store.apply(configuration, digest: Samples.digest(2))
        let old = try await WorkerDouble(world.store, "old", labels: ["os": "linux"]).claim()
        #expect(old.count == 1 && old[0].sources.isEmpty)
        let able = try await WorkerDouble(world.store, "able", labels: ["os": "linux", Codebase.label: Codebase.labelValue]).claim()
        #expect(able.count == 1 && able[0].sources.count == 2)
    }
}
