import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var reuseRules: [Rule] {
        [
            Rule("a result that is there answers what a rule asks later, with its events and its buildset, and nothing is built") {
                try await $0.resultAnswers()
            },
            Rule("a result that is too old, or ended otherwise, answers nothing") { try await $0.resultsHaveToFit() },
            Rule("the newest result counts, and one that says nothing of what was built is none") { try await $0.newestResultCounts() },
            Rule("another recipe is built, another order of the same is not") { try await $0.resultsAreOfARecipe() },
            Rule("what a person asks for is built, and what nobody may trust answers nobody who may") { try await $0.resultsAnswerRulesAlone() },
            Rule("a tip, and what has other properties, is built") { try await $0.resultsAreOfTheSame() },
            Rule("a builder whose steps trigger others keeps no results: what they build is not known") { try await $0.triggeringKeepsNothing() },
            Rule("what a rule's build triggers is answered, and not where a person asked for the build, or the step is run again") {
                try await $0.triggeredByHandIsBuilt()
            },
            Rule("what needs an answered request goes on at once, and is built itself") { try await $0.answeredNeedsAreMet() },
        ]
    }

    private func reusing(
        _ rule: ReuseRule = ReuseRule(within: .seconds(3600)), _ change: (inout Configuration) -> Void = { _ in }
    ) async throws -> (World<S>, Planner) {
        try await scheduled(Self.configuration(rule, change))
    }

    private static func configuration(_ rule: ReuseRule, _ change: (inout Configuration) -> Void = { _ in }) -> Configuration {
        var configuration = Samples.configuration(filter: ChangeFilter())
        configuration.schedulers[0].kind = .anyBranch
        configuration.builders[0].reuse = rule
        change(&configuration)
        return configuration
    }

    /// Builds the one that waits.
    @discardableResult
    private func build(_ world: World<S>, _ outcome: Outcome = .success, cause: Cause? = nil) async throws -> Assignment {
        let worker = try await WorkerDouble(world.store)
        let builds = try await worker.claim()
        try #require(builds.count == 1)
        try await worker.accept(builds)
        try await worker.finish(builds[0], outcome, cause: cause)
        return builds[0]
    }

    /// The same again, as another change.
    private func again(_ world: World<S>, _ planner: Planner, _ key: String = "again") async throws -> RequestRow {
        try await push(world, planner, Samples.commit("1", key: key))
        return try #require(try await requests(world).last)
    }

    func resultAnswers() async throws {
        let (world, planner) = try await reusing { configuration in
            configuration.builders.append(Samples.builder("next"))
            configuration.schedulers.append(
                SchedulerRule(name: "last", kind: .dependent, builders: ["next"], follows: Dependence(schedulers: ["commits"])))
        }
        try await push(world, planner)
        let build = try await build(world)
        #expect(try await world.store.followEnds(limit: 10).buildsets.count == 1)
        let events = try await world.store.everyEvent().count
        world.clock.advance(by: .seconds(60))
        let request = try await again(world, planner)
        #expect(request.phase == .finished && request.outcome == .success && request.answeredBy == build.build && request.builds.isEmpty)
        #expect(request.text.hasPrefix("build \(build.build) answered the same at "))
        #expect(try await world.store.buildset(request.buildset)?.outcome == .success)
        let told = try await world.store.everyEvent().dropFirst(events)
        #expect(
            told.map(\.kind) == [.changeReceived, .buildsetCreated, .schedulerFired, .requestCreated, .requestFinished, .buildsetFinished])
        let fact = try #require(try told.first { $0.kind == .requestFinished }?.fact(RequestFact.self))
        #expect(fact.answeredBy == build.build && fact.build == build.build && fact.outcome == .success && fact.attempts == 0)
        #expect(try await world.store.followEnds(limit: 10).buildsets.count == 1)
        #expect(try await world.store.why(request.id)?.build?.id == build.build)
        #expect(try await world.store.requestsAnswered(by: build.build) == [request.id])
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func resultsHaveToFit() async throws {
        let (world, planner) = try await reusing()
        try await push(world, planner)
        try await build(world)
        world.clock.advance(by: .seconds(3600))
        #expect(try await again(world, planner, "in time").phase == .finished)
        world.clock.advance(by: .milliseconds(1))
        #expect(try await again(world, planner, "late").phase == .pending)
        try await build(world, .failure)
        #expect(try await again(world, planner, "failed").phase == .pending)
        let (failing, rules) = try await reusing(ReuseRule(within: .seconds(60), outcomes: [.failure]))
        try await push(failing, rules)
        try await build(failing, .failure)
        #expect(try await again(failing, rules).outcome == .failure)
    }

    func newestResultCounts() async throws {
        let (world, planner) = try await reusing { $0.builders[0].attempts = 1 }
        try await push(world, planner)
        let first = try await build(world)
        _ = try await world.store.rebuild(first.build, reason: "is it so?", idempotency: nil)
        try await build(world, .exception, cause: .internalError)
        #expect(try await again(world, planner, "trouble of ours").answeredBy == first.build)
        _ = try await world.store.rebuild(first.build, reason: "is it so?", idempotency: nil)
        try await build(world, .failure)
        #expect(try await again(world, planner, "it is not").phase == .pending)
    }

    func resultsAreOfARecipe() async throws {
        let rule = ReuseRule(within: .seconds(3600))
        let (world, planner) = try await reusing(rule)
        try await push(world, planner)
        let first = try await build(world)
        let quicker = Self.configuration(rule) {
            $0.builders[0].priority = 7
            $0.builders[0].collapse = false
        }
        _ = try await world.store.apply(quicker, digest: Samples.digest(2))
        #expect(try await again(world, Planner(configuration: quicker), "quicker").answeredBy == first.build)
        let changes: [(inout Builder) -> Void] = [
            { $0.steps[0].environment["A"] = "b" }, { $0.environment["A"] = "b" }, { $0.properties["a"] = "b" }, { $0.labels["os"] = "linux" },
            { $0.steps.append($0.steps[0]) },
        ]
        for (number, change) in changes.enumerated() {
            let other = Self.configuration(rule) { change(&$0.builders[0]) }
            _ = try await world.store.apply(other, digest: Samples.digest(10 + number))
            let request = try await again(world, Planner(configuration: other), "\(number)")
            #expect(request.phase == .pending, "change \(number)")
            _ = try await world.store.cancelRequest(request.id, reason: "seen")
        }
    }

    func resultsAnswerRulesAlone() async throws {
        let (world, planner) = try await reusing { configuration in
            configuration.untrusted = UntrustedRule(workers: .any)
            configuration.schedulers[0].forks = true
        }
        var fork = Samples.commit("1", key: "fork")
        fork.properties[PullProperty.untrusted] = true
        try await push(world, planner, fork)
        try await build(world)
        let trusted = try await again(world, planner)
        #expect(trusted.phase == .pending)
        let first = try await build(world)
        #expect(try await again(world, planner, "once more").answeredBy == first.build)
        let forced = try await world.store.force(Samples.force(revision: Samples.commitName("1")), idempotency: nil)
        let rebuilt = try await world.store.rebuild(first.build, reason: "again", idempotency: nil)
        for request in [forced.request, rebuilt.request] { #expect(try await world.store.request(request)?.phase == .pending) }
    }

    func resultsAreOfTheSame() async throws {
        let (world, planner) = try await reusing()
        try await push(world, planner)
        try await build(world)
        var change = Samples.commit("1", key: "red")
        change.properties["colour"] = "red"
        try await push(world, planner, change)
        #expect(try await requests(world).last?.phase == .pending)
        try await build(world)
        try await push(world, planner, Samples.commit("1", branch: "next", key: "next"))
        #expect(try await requests(world).last?.phase == .pending)
        var codebases = Samples.codebases()
        codebases.builders[0].reuse = ReuseRule(within: .seconds(3600))
        let (several, rules) = try await scheduled(codebases)
        let worker = try await WorkerDouble(several.store, labels: [Codebase.label: Codebase.labelValue])
        for key in ["a", "b"] {
            var change = Samples.commit("1", of: "app")
            change.dedupeKey = key
            try await push(several, rules, change)
        }
        // The other codebase is built at its tip.
        #expect(try await worker.claim().count == 2)
    }

    private static func triggering(_ outcomes: Set<Outcome> = [.success]) -> Configuration {
        configuration(ReuseRule(within: .seconds(3600), outcomes: outcomes)) { configuration in
            func step(_ scheduler: String) -> StepRecipe {
                StepRecipe(name: "go", action: .trigger(StepRecipe.Trigger(schedulers: [scheduler], wait: true, properties: [:])), retries: 1)
            }
            configuration.builders = ["top", "middle", "leaf"].map { Samples.builder($0) }
            configuration.builders[0].steps = [step("leaves")]
            configuration.builders[1].steps = [step("leaves")]
            configuration.builders[2].reuse = ReuseRule(within: .seconds(3600), outcomes: outcomes)
            configuration.builders.append(Samples.builder("above"))
            configuration.builders[3].steps = [step("middles")]
            configuration.schedulers[0].builders = ["top"]
            configuration.schedulers += [
                SchedulerRule(name: "leaves", kind: .triggerable, builders: ["leaf"]),
                SchedulerRule(name: "middles", kind: .triggerable, builders: ["middle"]),
            ]
        }
    }

    func triggeringKeepsNothing() async throws {
        var configuration = Self.triggering()
        // No configuration says so any more; one that was applied before it was refused may.
        configuration.builders[0].reuse = ReuseRule(within: .seconds(3600))
        let (world, planner) = try await scheduled(configuration)
        try await push(world, planner)
        try await build(world)
        #expect(try await again(world, planner).phase == .pending)
    }

    func triggeredByHandIsBuilt() async throws {
        let (world, planner) = try await scheduled(Self.triggering([.success, .failure]))
        let worker = try await WorkerDouble(world.store)
        var held: [Assignment] = []
        func next() async throws -> Assignment {
            let build = try #require(try await worker.claim(1, holding: held).first)
            held.append(build)
            try await worker.accept([build])
            return build
        }
        func trigger(_ build: Assignment, attempt: Int = 1) async throws -> RequestRow {
            let call = StepCall(build: build.build, session: build.session, fence: build.fence, step: 1, attempt: attempt)
            guard case .made = try await world.store.trigger(call) else { throw StoreError.internalError("nothing was triggered") }
            return try #require(try await requests(world).last)
        }
        func finishLeaf(_ outcome: Outcome) async throws {
            let leaf = try await next()
            #expect(leaf.builder.name == "leaf")
            try await worker.finish(leaf, outcome)
        }
        try await push(world, planner)
        let first = try await next()
        #expect(try await trigger(first).phase == .pending)
        try await finishLeaf(.failure)
        // The same again would be told the same: whoever tries a second time wants to know anew.
        #expect(try await trigger(first, attempt: 2).phase == .pending)
        try await finishLeaf(.success)
        try await worker.finish(first)
        try await push(world, planner, Samples.commit("1", key: "again"))
        let second = try await next()
        #expect(try await trigger(second).answeredBy != nil)
        try await worker.finish(second)
        for kind in ["rebuild", "force", "above"] {
            switch kind {
            case "rebuild": _ = try await world.store.rebuild(first.build, reason: "is it so?", idempotency: nil)
            case "force": _ = try await world.store.force(Samples.force("top", revision: Samples.commitName("1")), idempotency: nil)
            default: _ = try await world.store.force(Samples.force("above", revision: Samples.commitName("1")), idempotency: nil)
            }
            let top = try await next()
            #expect(try await trigger(top).phase == .pending, "\(kind)")
            if kind == "above" {
                // What was triggered by that triggers in its turn.
                let middle = try await next()
                #expect(try await trigger(middle).phase == .pending)
                try await finishLeaf(.success)
                try await worker.finish(middle)
            } else {
                try await finishLeaf(.success)
            }
            try await worker.finish(top)
        }
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func answeredNeedsAreMet() async throws {
        let (world, planner) = try await reusing { configuration in
            configuration.builders.append(Samples.builder("after"))
            configuration.builders[1].needs = [Need(builder: "test")]
            configuration.builders[1].reuse = ReuseRule(within: .seconds(3600))
            configuration.schedulers[0].builders = ["test", "after"]
        }
        try await push(world, planner)
        try await build(world)
        try await build(world)
        try await push(world, planner, Samples.commit("1", key: "again"))
        #expect(try await requests(world).map(\.phase) == [.finished, .finished, .finished, .pending])
        try await build(world)
        #expect(try await world.store.buildset(BuildsetID(2))?.outcome == .success)
        expectContiguousVersions(try await world.store.everyEvent())
    }
}
