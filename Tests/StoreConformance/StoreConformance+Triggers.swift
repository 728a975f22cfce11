import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var triggerRules: [Rule] {
        [
            Rule("a step triggers once for each of its attempts, at its build's revision, however often it is asked") { try await $0.triggersOnce() },
            Rule("calls for one step at once trigger once") { try await $0.triggersOnceTogether() },
            Rule("who does not hold the build, or has not accepted it, triggers nothing") { try await $0.fencesTriggers() },
            Rule("however much nobody waits for, a pass cancels no more than its limit, and the next goes on") { try await $0.endsFewAtATime() },
            Rule("an attempt that is over, or that the step does not have, triggers nothing") { try await $0.refusesOtherAttempts() },
            Rule("a build whose end was asked for triggers nothing") { try await $0.cancelledTriggersNothing() },
            Rule("where a scheduler cannot be triggered, none of the step's is") { try await $0.triggersAllOrNone() },
            Rule("what a build waited for is cancelled once the build has ended, and nothing else") { try await $0.endsWhatNobodyAwaits() },
            Rule("what nobody may trust stays so in what is triggered") { try await $0.triggersKeepDistrust() },
        ]
    }

    private static func step(_ name: String, _ schedulers: [String], wait: Bool = true) -> StepRecipe {
        StepRecipe(
            name: name,
            action: .trigger(StepRecipe.Trigger(schedulers: schedulers, wait: wait, properties: ["from": "${builder}", "untrusted": false])),
            retries: 1)
    }

    private func triggering() async throws -> (World<S>, WorkerDouble<S>, Assignment) {
        var configuration = Samples.configuration()
        configuration.builders = [
            Builder(
                name: "test",
                steps: [
                    Self.step("both", ["deploys", "notes"]), Self.step("quickly", ["deploys"], wait: false), Self.step("half", ["deploys", "gone"]),
                    StepRecipe(name: "unit", action: .run(.shell("true"))),
                ]), Samples.builder("upload"), Samples.builder("tell"),
        ]
        // What two steps trigger is the same: here each is told apart.
        for index in configuration.builders.indices { configuration.builders[index].collapse = false }
        configuration.schedulers += [
            SchedulerRule(name: "deploys", kind: .triggerable, builders: ["upload"], properties: ["colour": "blue"]),
            SchedulerRule(name: "notes", kind: .triggerable, builders: ["tell"]),
        ]
        let (world, planner) = try await scheduled(configuration)
        var change = Samples.change("1")
        change.properties = ["colour": "red", PullProperty.untrusted: true, "kept": "yes"]
        _ = try await world.store.accept([change], advancing: nil)
        // No rule takes what anybody may have written, unless it says so.
        #expect(try await world.store.classify(limit: 10, planner: planner).buildsets.isEmpty)
        var force = Samples.force()
        force.properties = ["colour": "red", PullProperty.untrusted: true, "kept": "yes"]
        _ = try await world.store.force(force, idempotency: nil)
        let worker = try await WorkerDouble(world.store, labels: [UntrustedRule.label: UntrustedRule.labelValue])
        let build = try #require(try await worker.claim(1).first)
        try await worker.accept([build])
        return (world, worker, build)
    }

    private func call(_ build: Assignment, step: Int = 1, attempt: Int = 1) -> StepCall {
        StepCall(build: build.build, session: build.session, fence: build.fence, step: step, attempt: attempt)
    }

    private func made(_ verdict: TriggerVerdict) throws -> (buildsets: [TriggeredBuildset], created: Bool) {
        guard case .made(let buildsets, _, let created) = verdict else { throw StoreError.internalError("\(verdict)") }
        return (buildsets, created)
    }

    func triggersOnce() async throws {
        let (world, worker, build) = try await triggering()
        let first = try made(try await world.store.trigger(call(build)))
        #expect(first.created && first.buildsets.map(\.scheduler) == ["deploys", "notes"] && first.buildsets.end == nil)
        let again = try made(try await world.store.trigger(call(build)))
        #expect(!again.created && again.buildsets == first.buildsets)
        #expect(try await world.store.triggered(by: [build.build]) == first.buildsets)
        let id = try #require(first.buildsets.first).buildset
        let buildset = try #require(try await world.store.buildset(id))
        #expect(buildset.stamp == build.stamp && buildset.parents == [build.chain])
        #expect(buildset.reason == "build \(build.build) of test triggered it")
        #expect(buildset.properties["colour"]?.value == "blue" && buildset.properties["kept"]?.value == "yes")
        #expect(buildset.properties["from"]?.value == "test")
        #expect(try await world.store.events(.schedulerFired).count == 2)
        for child in try await worker.claim(holding: [build]) {
            try await worker.accept([child])
            try await worker.finish(child, child.builder.name == "upload" ? .failure : .warnings)
        }
        let ended = try made(try await world.store.trigger(call(build))).buildsets
        #expect(ended.end?.outcome == .failure && ended.map(\.outcome) == [.failure, .warnings])
        let retried = try made(try await world.store.trigger(call(build, attempt: 2)))
        #expect(retried.created && Set(retried.buildsets.map(\.buildset)).isDisjoint(with: ended.map(\.buildset)))
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func triggersOnceTogether() async throws {
        let (world, _, build) = try await triggering()
        let (store, call) = (world.store, call(build))
        async let first = store.trigger(call)
        async let second = store.trigger(call)
        let both = [try made(try await first), try made(try await second)]
        #expect(both.filter(\.created).count == 1 && both[0].buildsets == both[1].buildsets)
    }

    func fencesTriggers() async throws {
        let (world, worker, build) = try await triggering()
        var stale = call(build)
        stale.fence = Fence(stale.fence.rawValue + 1)
        guard case .stale = try await world.store.trigger(stale) else { throw StoreError.internalError("the fence was not looked at") }
        var foreign = call(build)
        foreign.session = SessionID(foreign.session.rawValue + 1)
        #expect(try await world.store.trigger(foreign) == .notFound)
        for step in [0, 4, 5] {
            guard case .invalid = try await world.store.trigger(call(build, step: step)) else { throw StoreError.internalError("step \(step)") }
        }
        try await worker.finish(build)
        guard case .stale = try await world.store.trigger(call(build)) else { throw StoreError.internalError("the build has ended") }
        _ = try await world.store.force(Samples.force(revision: "2"), idempotency: nil)
        let fresh = try #require(try await worker.claim(1).first)
        guard case .invalid = try await world.store.trigger(call(fresh)) else { throw StoreError.internalError("it was not accepted") }
        #expect(try await world.store.events(.buildsetCreated).count == 2)
    }

    func endsFewAtATime() async throws {
        let (world, worker, build) = try await triggering()
        let awaited = try made(try await world.store.trigger(call(build))).buildsets
        _ = try made(try await world.store.trigger(call(build, attempt: 2)))
        for child in try await worker.claim(holding: [build]) { try await worker.accept([child]) }
        try await worker.finish(build, .cancelled)
        var (passes, told) = (0, 0)
        while try await world.store.openWork().triggered, passes < 20 {
            let ended = try await world.store.endTriggered(limit: 1)
            #expect(ended.taken == 1 && ended.isFull && ended.cancels.count <= 1)
            (passes, told) = (passes + 1, told + ended.cancels.count)
        }
        #expect(awaited.count == 2 && told == 4 && passes == 8)
        #expect(try await world.store.endTriggered(limit: 1) == EndedTriggers())
    }

    func refusesOtherAttempts() async throws {
        let (world, _, build) = try await triggering()
        _ = try made(try await world.store.trigger(call(build, attempt: 2)))
        for attempt in [1, 3] {
            guard case .invalid = try await world.store.trigger(call(build, attempt: attempt)) else { throw StoreError.internalError("\(attempt)") }
        }
        #expect(try await world.store.triggered(by: [build.build]).count == 2)
    }

    func cancelledTriggersNothing() async throws {
        let (world, _, build) = try await triggering()
        let known = try made(try await world.store.trigger(call(build))).buildsets
        _ = try await world.store.cancelBuild(build.build, reason: "not wanted")
        guard case .impossible = try await world.store.trigger(call(build, step: 2)) else { throw StoreError.internalError("it was triggered") }
        // What was triggered before is answered as ever.
        #expect(try made(try await world.store.trigger(call(build))).buildsets == known)
    }

    func triggersAllOrNone() async throws {
        let (world, _, build) = try await triggering()
        guard case .impossible = try await world.store.trigger(call(build, step: 3)) else { throw StoreError.internalError("it was triggered") }
        #expect(try await world.store.triggered(by: [build.build]).isEmpty)
        #expect(try await world.store.events(.buildsetCreated).count == 1)
    }

    func endsWhatNobodyAwaits() async throws {
        let (world, worker, build) = try await triggering()
        let awaited = try made(try await world.store.trigger(call(build))).buildsets
        #expect(try await world.store.openWork().triggered)
        let left = try made(try await world.store.trigger(call(build, step: 2))).buildsets
        #expect(try await world.store.endTriggered(limit: 10).taken == 0)
        // One of them is being built: its worker has to be told.
        let child = try #require(try await worker.claim(1, holding: [build]).first)
        try await worker.accept([child])
        #expect(try await worker.finish(build, .cancelled)?.ringTriggers == true)
        let ended = try await world.store.endTriggered(limit: 10)
        #expect(ended.taken == 3 && ended.cancels.map(\.build) == [child.build] && !ended.isFull)
        #expect(try await world.store.openWork().triggered == false)
        #expect(try await world.store.endTriggered(limit: 10).taken == 0)
        for one in awaited where one.buildset != child.buildset {
            #expect(try await world.store.buildset(one.buildset)?.outcome == .cancelled)
        }
        let free = try #require(left.first).buildset
        #expect(try await world.store.buildset(free)?.finished == nil)
        #expect(try await world.store.triggered(by: [build.build]).isEmpty)
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func triggersKeepDistrust() async throws {
        let (world, _, build) = try await triggering()
        for one in try made(try await world.store.trigger(call(build))).buildsets {
            #expect(try await world.store.buildset(one.buildset)?.properties[PullProperty.untrusted]?.value == true)
        }
    }
}
