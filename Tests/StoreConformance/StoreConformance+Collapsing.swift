import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var collapsingRules: [Rule] {
        [
            Rule("requests that ask for the same and wait at once are answered by one build, each with its events and its buildset") {
                try await $0.oneBuildAnswers()
            },
            Rule("the first in order gets the build, and a new priority is a new order") { try await $0.firstGetsTheBuild() },
            Rule("what differs in a property, a revision, a branch or a builder is built for itself") { try await $0.differentAreBuilt() },
            Rule("who set a property does not matter") { try await $0.sourcesOfPropertiesDoNotMatter() },
            Rule("what a person asked for is built for that person") { try await $0.byHandIsBuilt() },
            Rule("a tip may be another by then: it is built for itself") { try await $0.tipsAreBuilt() },
            Rule("a name that may move is built for itself") { try await $0.movingNamesAreBuilt() },
            Rule("what nobody may trust never answers what somebody may") { try await $0.untrustedIsBuilt() },
            Rule("a builder that says so builds each request") { try await $0.builderSaysNo() },
            Rule("a request that comes while its like is built gets a build of its own") { try await $0.lateComersAreBuilt() },
            Rule("one that rides takes no slot, no place under a limit and no lock") { try await $0.ridersTakeNothing() },
            Rule("what asks for the same is not counted as what comes before, and what is too late answers nobody") {
                try await $0.alikeAreNotAhead()
            },
            Rule("many alike do not keep others from free slots") { try await $0.alikeKeepNobody() },
        ]
    }

    /// Two rules that build the same builder for each change.
    func collapsing(_ change: (inout Configuration) -> Void = { _ in }) async throws -> (World<S>, Planner) {
        var configuration = Samples.configuration(filter: ChangeFilter())
        configuration.schedulers[0].kind = .anyBranch
        configuration.schedulers.append(SchedulerRule(name: "other", kind: .anyBranch, builders: ["test"], priority: 10))
        change(&configuration)
        return try await scheduled(configuration)
    }

    func push(_ world: World<S>, _ planner: Planner, _ change: NewChange = Samples.commit("1")) async throws {
        _ = try await world.store.accept([change], advancing: nil)
        _ = try await world.store.classify(limit: 100, planner: planner)
    }

    func requests(_ world: World<S>) async throws -> [RequestRow] {
        try await world.store.requests(PageQuery(RequestFields(), ascending: true, limit: 100))
    }

    private func outcomes(_ world: World<S>) async throws -> [Outcome?] {
        try await world.store.buildsets(PageQuery(BuildsetFields(), ascending: true, limit: 100)).map(\.outcome)
    }

    func oneBuildAnswers() async throws {
        let (world, planner) = try await collapsing()
        try await push(world, planner)
        let worker = try await WorkerDouble(world.store)
        let builds = try await worker.claim()
        let build = try #require(builds.first)
        #expect(builds.count == 1 && build.request == RequestID(1))
        var rows = try await requests(world)
        #expect(rows.map(\.phase) == [.claimed, .claimed] && rows.map(\.attempts) == [1, 1])
        #expect(rows.map(\.answeredBy) == [nil, build.build] && rows.map(\.builds) == [[build.build], []])
        #expect(try await world.store.requestsAnswered(by: build.build) == [RequestID(2)])
        let facts = try #require(try await world.store.why(RequestID(2)))
        #expect(facts.build?.id == build.build && facts.build?.request == RequestID(1))
        #expect(try await worker.claim(holding: builds).isEmpty)
        #expect(try await world.store.openWork().pendingRequests == false)
        try await worker.accept(builds)
        #expect(try await worker.finish(build, .warnings)?.ringScheduling == true)
        rows = try await requests(world)
        #expect(rows.map(\.outcome) == [.warnings, .warnings] && rows[1].answeredBy == build.build)
        #expect(try await outcomes(world) == [.warnings, .warnings])
        #expect(try await world.store.builds(PageQuery(BuildFields(), limit: 10)).count == 1)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        for kind in [EventKind.requestClaimed, .requestFinished] {
            let told = try events.filter { $0.kind == kind }.map { try $0.fact(RequestFact.self) }
            #expect(told.map(\.buildset.rawValue) == [1, 2] && told.map(\.answeredBy) == [nil, build.build])
            #expect(told.allSatisfy { $0.build == build.build && $0.worker == "w1" })
        }
        #expect(events.count { $0.kind == .buildsetFinished } == 2)
    }

    func firstGetsTheBuild() async throws {
        let (world, planner) = try await collapsing { $0.schedulers[1].priority = 20 }
        try await push(world, planner)
        let worker = try await WorkerDouble(world.store)
        #expect(try await worker.claim(1).map(\.request) == [RequestID(2)])
        #expect(try await requests(world).map(\.phase) == [.claimed, .claimed])
        try await push(world, planner, Samples.commit("2"))
        try await world.store.setPriority(RequestID(3), priority: 30)
        #expect(try await WorkerDouble(world.store, "w2").claim(1).map(\.request) == [RequestID(3)])
        #expect(try await requests(world)[3].phase == .claimed)
    }

    func differentAreBuilt() async throws {
        let (world, planner) = try await collapsing {
            $0.builders.append(Samples.builder("docs"))
            $0.schedulers[1].builders = ["test", "docs"]
            $0.schedulers[1].properties = ["colour": "red"]
        }
        // Two revisions, one of them on two branches; each rule sets another property.
        try await push(world, planner)
        try await push(world, planner, Samples.commit("2"))
        try await push(world, planner, Samples.commit("2", branch: "next"))
        let builds = try await WorkerDouble(world.store, slots: 20).claim()
        #expect(builds.count == 9)
        #expect(try await requests(world).allSatisfy { $0.answeredBy == nil })
    }

    func sourcesOfPropertiesDoNotMatter() async throws {
        let (world, planner) = try await collapsing { $0.schedulers[1].properties = ["colour": "red"] }
        var change = Samples.commit("1")
        change.properties["colour"] = "red"
        try await push(world, planner, change)
        #expect(try await WorkerDouble(world.store).claim().count == 1)
        #expect(try await requests(world).map(\.phase) == [.claimed, .claimed])
    }

    func byHandIsBuilt() async throws {
        let (world, planner) = try await collapsing()
        try await push(world, planner)
        for _ in 0..<2 { _ = try await world.store.force(Samples.force(revision: Samples.commitName("1")), idempotency: nil) }
        let worker = try await WorkerDouble(world.store)
        let builds = try await worker.claim()
        #expect(builds.map(\.request.rawValue) == [1, 3, 4])
        for _ in 0..<2 { _ = try await world.store.rebuild(try #require(builds.first).build, reason: "again", idempotency: nil) }
        #expect(try await worker.claim(holding: builds).count == 2)
        #expect(try await requests(world).map(\.answeredBy) == [nil, builds[0].build, nil, nil, nil, nil])
    }

    func tipsAreBuilt() async throws {
        // The other codebase had no change yet: it is built at its tip.
        let (world, planner) = try await scheduled(
            Samples.codebases { _ in }.adding(SchedulerRule(name: "other", kind: .anyBranch, builders: ["test"], codebases: ["app", "lib"])))
        try await push(world, planner, Samples.commit("1", of: "app"))
        let labels: Labels = [Codebase.label: Codebase.labelValue]
        let tips = try await WorkerDouble(world.store, labels: labels).claim()
        #expect(tips.count == 2)
        try await push(world, planner, Samples.commit("2", of: "lib"))
        let fixed = try await WorkerDouble(world.store, "w2", labels: labels).claim()
        #expect(fixed.count == 1 && fixed.first?.sources.map(\.stamp.revision) == ["1", "2"].map(Samples.commitName))
    }

    func movingNamesAreBuilt() async throws {
        let (world, planner) = try await collapsing { $0.builders[0].reuse = ReuseRule(within: .seconds(3600)) }
        for (count, name) in ["latest", "v1", "refs/heads/main"].enumerated() {
            try await push(world, planner, Samples.change(name))
            let worker = try await WorkerDouble(world.store, "w\(count)")
            let builds = try await worker.claim()
            #expect(builds.count == 2)
            try await worker.accept(builds)
            for build in builds { try await worker.finish(build) }
            try await push(world, planner, Samples.change(name, key: "\(name) again"))
            let again = try await worker.claim()
            #expect(again.count == 2)
            try await worker.accept(again)
            for build in again { try await worker.finish(build) }
        }
        #expect(try await requests(world).allSatisfy { $0.answeredBy == nil })
    }

    func untrustedIsBuilt() async throws {
        let (world, planner) = try await collapsing {
            $0.untrusted = UntrustedRule(workers: .any)
            for index in $0.schedulers.indices { $0.schedulers[index].forks = true }
        }
        var fork = Samples.commit("1", key: "fork")
        fork.properties[PullProperty.untrusted] = true
        try await push(world, planner, fork)
        try await push(world, planner)
        let builds = try await WorkerDouble(world.store).claim()
        #expect(builds.map(\.request.rawValue) == [1, 3])
        #expect(builds.map(\.properties.isUntrusted) == [true, false])
        #expect(try await requests(world).map(\.answeredBy) == [nil, builds[0].build, nil, builds[1].build])
    }

    func builderSaysNo() async throws {
        let (world, planner) = try await collapsing { $0.builders[0].collapse = false }
        try await push(world, planner)
        #expect(try await WorkerDouble(world.store).claim().count == 2)
    }

    func lateComersAreBuilt() async throws {
        let (world, planner) = try await collapsing()
        try await push(world, planner)
        let worker = try await WorkerDouble(world.store)
        let first = try await worker.claim()
        try await worker.accept(first)
        try await push(world, planner, Samples.commit("1", key: "again"))
        let second = try await worker.claim(holding: first)
        #expect(first.map(\.request.rawValue) == [1] && second.map(\.request.rawValue) == [3])
        try await worker.accept(second)
        try await worker.finish(first[0], .failure)
        #expect(try await outcomes(world) == [.failure, .failure, nil, nil])
        try await worker.finish(second[0])
        #expect(try await outcomes(world) == [.failure, .failure, .success, .success])
    }

    func ridersTakeNothing() async throws {
        let (world, planner) = try await collapsing {
            $0.builders = Samples.bounded.builders
            $0.locks = Samples.bounded.locks
            $0.projects = [ProjectRule(name: "demo", limit: 2)]
            $0.limit = 2
        }
        for revision in ["1", "2", "3"] { try await push(world, planner, Samples.commit(revision)) }
        let worker = try await WorkerDouble(world.store, slots: 2)
        let builds = try await worker.claim()
        // Both places, both slots and both holds of the lock are for builds.
        #expect(builds.map(\.request.rawValue) == [1, 3])
        #expect(try await requests(world).map(\.phase) == [.claimed, .claimed, .claimed, .claimed, .pending, .pending])
        try await worker.accept(builds)
        #expect(try await worker.finish(builds[0])?.ringDispatch == true)
        #expect(try await worker.claim(1, holding: [builds[1]]).map(\.request.rawValue) == [5])
    }

    func alikeAreNotAhead() async throws {
        let (world, planner) = try await collapsing { $0.builders[0].deadline = .seconds(60) }
        try await push(world, planner)
        try await push(world, planner, Samples.commit("2"))
        // Two of another revision, and none of its own.
        #expect(try await world.store.why(RequestID(2))?.ahead == 0)
        #expect(try await world.store.why(RequestID(4))?.ahead == 2)
        world.clock.advance(by: .seconds(30))
        try await push(world, planner, Samples.commit("1", key: "again"))
        _ = try await world.store.force(Samples.force(), idempotency: nil)
        #expect(try await world.store.why(RequestID(7))?.ahead == 6)
        world.clock.advance(by: .seconds(31))
        for (one, other) in [(5, 6), (6, 5)] as [(Int64, Int64)] {
            #expect(try await world.store.why(RequestID(one))?.same == WaitFacts.Same(request: RequestID(other), comesFirst: one == 6))
        }
        #expect(try await world.store.why(RequestID(7))?.same == nil)
    }

    func alikeKeepNobody() async throws {
        let (world, planner) = try await collapsing()
        for key in 0..<5 { try await push(world, planner, Samples.commit("1", key: "\(key)")) }
        try await push(world, planner, Samples.commit("2"))
        let builds = try await WorkerDouble(world.store, slots: 2).claim()
        #expect(builds.map(\.request.rawValue) == [1, 11])
        #expect(try await requests(world).allSatisfy { $0.phase == .claimed })
    }
}

extension Configuration {
    fileprivate func adding(_ rule: SchedulerRule) -> Configuration {
        var configuration = self
        configuration.schedulers.append(rule)
        return configuration
    }
}
