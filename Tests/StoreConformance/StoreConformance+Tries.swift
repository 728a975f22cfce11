import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var tryRules: [Rule] {
        [
            Rule("a patch makes one buildset under its key, with a stamp of its own, for builders that take it") { try await $0.triesOnce() },
            Rule("a patch is given to the worker that holds its build, at its checkout") { try await $0.givesPatch() },
            Rule("only workers that can apply patches get their builds, whatever configuration comes") { try await $0.patchesNeedAbility() },
            Rule("what is tried starts nothing else, triggers nothing, and gets no secret but open ones") { try await $0.triesStayAlone() },
            Rule("patches that no open build needs are dropped after their time") { try await $0.dropsPatches() },
        ]
    }

    private static var able: Labels { [TryRule.label: TryRule.labelValue] }

    private static func configuration() -> Configuration {
        let steps = [
            StepRecipe(name: "checkout", action: .checkout(StepRecipe.Checkout())),
            StepRecipe(name: "deploy", action: .trigger(StepRecipe.Trigger(schedulers: ["deploys"]))),
            StepRecipe(name: "show", action: .run(.shell("true")), secrets: ["TOKEN": SecretUse("token")]),
        ]
        var configuration = Samples.configuration(
            builders: [
                Builder(name: "test", steps: steps, tries: TryRule()), Builder(name: "lint", steps: steps, tries: TryRule()),
                Samples.builder("upload"),
            ])
        configuration.schedulers += [
            SchedulerRule(name: "deploys", kind: .triggerable, builders: ["upload"]),
            SchedulerRule(
                name: "publish", kind: .dependent, builders: ["upload"], follows: Dependence(schedulers: ["commits"], outcomes: [.success])),
        ]
        configuration.secrets = [Secret(name: "token", place: .environment("TOKEN"))]
        return configuration
    }

    private func request(_ patch: String = "diff", _ builders: [String] = ["test"]) -> TryRequest {
        TryRequest(
            builders: builders, project: "demo", repository: Samples.repository, branch: "main", revision: "1", patch: Array(patch.utf8),
            author: "ada", reason: "try by ada")
    }

    private func call(_ build: Assignment, step: Int = 1, attempt: Int = 1) -> StepCall {
        StepCall(build: build.build, session: build.session, fence: build.fence, step: step, attempt: attempt)
    }

    func triesOnce() async throws {
        let (world, _) = try await scheduled(Self.configuration())
        let key = Samples.key("k")
        let first = try await world.store.makeTry(request("diff", ["lint", "test"]), idempotency: key)
        #expect(first.created && first.requests.map(\.builder) == ["lint", "test"])
        var again = try await world.store.makeTry(request("diff", ["lint", "test"]), idempotency: key)
        #expect(!again.created)
        again.created = true
        #expect(again == first)
        await #expect(throws: StoreError.self) { try await world.store.makeTry(request(), idempotency: Samples.key("k", body: 2)) }
        await #expect(throws: StoreError.self) { try await world.store.makeTry(request("diff", ["upload"]), idempotency: nil) }
        let buildset = try #require(try await world.store.buildset(first.buildset))
        let digest = SourceStamp.digest(ofPatch: "diff".utf8)
        #expect(buildset.scheduler == "try" && buildset.reason == "try by ada" && buildset.stamp.patch == digest)
        #expect(buildset.stamp.id != SourceStamp(project: "demo", repository: Samples.repository, branch: "main", revision: "1").id)
        let other = try await world.store.makeTry(request("another"), idempotency: nil)
        #expect(try await world.store.buildset(other.buildset)?.stamp.patch != digest)
        #expect(try await world.store.requests(PageQuery(RequestFields(), limit: 10)).count == 3)
        expectContiguousVersions(try await world.store.everyEvent())
    }

    private func trying() async throws -> (World<S>, WorkerDouble<S>, Assignment) {
        let (world, _) = try await scheduled(Self.configuration())
        _ = try await world.store.makeTry(request(), idempotency: nil)
        let worker = try await WorkerDouble(world.store, labels: Self.able)
        let build = try #require(try await worker.claim(1).first)
        try await worker.accept([build])
        return (world, worker, build)
    }

    func givesPatch() async throws {
        let (world, worker, build) = try await trying()
        #expect(build.stamp.patch != nil && build.stamp.revision == "1")
        #expect(try await world.store.patch(for: call(build)) == .patch(Array("diff".utf8)))
        guard case .invalid = try await world.store.patch(for: call(build, step: 2)) else { throw StoreError.internalError("it is no checkout") }
        var stale = call(build)
        stale.fence = Fence(stale.fence.rawValue + 1)
        guard case .stale = try await world.store.patch(for: stale) else { throw StoreError.internalError("the fence was not looked at") }
        try await worker.finish(build)
        guard case .stale = try await world.store.patch(for: call(build)) else { throw StoreError.internalError("the build has ended") }
        // What is built again has it too.
        _ = try await world.store.rebuild(build.build, reason: "again", idempotency: nil)
        let again = try #require(try await worker.claim(1).first)
        try await worker.accept([again])
        #expect(try await world.store.patch(for: call(again)) == .patch(Array("diff".utf8)))
        _ = try await world.store.force(Samples.force(), idempotency: nil)
        let plain = try #require(try await worker.claim(2, holding: [again]).first)
        try await worker.accept([plain])
        guard case .invalid = try await world.store.patch(for: call(plain)) else { throw StoreError.internalError("it has no patch") }
    }

    func patchesNeedAbility() async throws {
        let (world, _) = try await scheduled(Self.configuration())
        _ = try await world.store.makeTry(request(), idempotency: nil)
        let old = try await WorkerDouble(world.store, "old")
        #expect(try await old.claim().isEmpty)
        var narrow = Self.configuration()
        narrow.builders[0].labels = ["os": "linux"]
        _ = try await world.store.apply(narrow, digest: Samples.digest(8))
        let both = Self.able.merging(["os": "linux"]) { $1 }
        #expect(try await world.store.why(RequestID(1))?.required == both)
        let able = try await WorkerDouble(world.store, "able", labels: both)
        #expect(try await able.claim().count == 1)
    }

    func triesStayAlone() async throws {
        let (world, worker, build) = try await trying()
        #expect(try await world.store.trigger(call(build, step: 2)) == .skipped("a try triggers nothing"))
        guard case .decided(.refused) = try await world.store.secrets(for: call(build, step: 3)) else {
            throw StoreError.internalError("it got a secret")
        }
        try await worker.finish(build)
        #expect(try await world.store.followEnds(limit: 10).buildsets.isEmpty)
        #expect(try await world.store.events(.buildsetCreated).count == 1)
    }

    func dropsPatches() async throws {
        let (world, worker, build) = try await trying()
        world.clock.advance(by: TryRule.kept + .seconds(1))
        _ = try await world.store.makeTry(request("second"), idempotency: nil)
        // Its build is open.
        #expect(try await world.store.patch(for: call(build)) == .patch(Array("diff".utf8)))
        try await worker.finish(build)
        _ = try await world.store.rebuild(build.build, reason: "again", idempotency: nil)
        world.clock.advance(by: TryRule.kept + .seconds(1))
        let builds = try await worker.claim(2)
        try await worker.accept(builds)
        for one in builds { try await worker.finish(one) }
        _ = try await world.store.makeTry(request("third"), idempotency: nil)
        _ = try await world.store.rebuild(build.build, reason: "once more", idempotency: nil)
        let again = try #require(try await worker.claim(5).first { $0.stamp.patch == build.stamp.patch })
        try await worker.accept([again])
        guard case .gone = try await world.store.patch(for: call(again)) else { throw StoreError.internalError("it was kept") }
    }
}
