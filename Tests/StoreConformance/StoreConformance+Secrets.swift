import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var secretRules: [Rule] {
        [
            Rule("a step may have the secrets that it names, by the configuration in force, while its build is open") { try await $0.givesSecrets() },
            Rule("who does not hold the build, or has not accepted it, gets no secret") { try await $0.fencesSecrets() },
            Rule("builds of what anybody may have written get no secret, unless it says so") { try await $0.untrustedGetNone() },
        ]
    }

    private static func secret(_ name: String, untrusted: Bool = false) -> Secret {
        Secret(name: name, place: .file("/nowhere/\(name)"), untrusted: untrusted)
    }

    private static func configuration(_ secrets: [Secret]) -> Configuration {
        var steps = [
            StepRecipe(name: "deploy", action: .run(.shell("true")), secrets: ["TOKEN": SecretUse("token")]),
            StepRecipe(name: "unit", action: .run(.shell("true"))),
            StepRecipe(
                name: "fetch", action: .run(.shell("true")), secrets: ["OPEN": SecretUse("open"), "TOKEN": SecretUse("token", optional: true)]),
        ]
        steps[0].retries = 1
        var configuration = Samples.configuration(builders: [Builder(name: "test", steps: steps)])
        configuration.secrets = secrets
        configuration.untrusted = UntrustedRule(workers: .any)
        return configuration
    }

    private func building(_ properties: [String: JSONValue] = [:]) async throws -> (World<S>, WorkerDouble<S>, Assignment) {
        let (world, _) = try await scheduled(Self.configuration([Self.secret("token"), Self.secret("open", untrusted: true)]))
        var force = Samples.force()
        force.properties = properties
        _ = try await world.store.force(force, idempotency: nil)
        let worker = try await WorkerDouble(world.store)
        let build = try #require(try await worker.claim(1).first)
        try await worker.accept([build])
        return (world, worker, build)
    }

    private func call(_ build: Assignment, step: Int = 1, attempt: Int = 1) -> StepCall {
        StepCall(build: build.build, session: build.session, fence: build.fence, step: step, attempt: attempt)
    }

    func givesSecrets() async throws {
        let (world, worker, build) = try await building()
        let given = SecretVerdict.decided(.given(["TOKEN": Self.secret("token")]))
        #expect(try await world.store.secrets(for: call(build)) == given)
        #expect(try await world.store.secrets(for: call(build, attempt: 2)) == given)
        for (step, attempt) in [(2, 1), (4, 1), (0, 1), (1, 3)] {
            guard case .invalid = try await world.store.secrets(for: call(build, step: step, attempt: attempt)) else {
                throw StoreError.internalError("step \(step), attempt \(attempt)")
            }
        }
        // The configuration in force decides, not that of the recipe.
        var other = Self.secret("token")
        other.place = .environment("TOKEN")
        _ = try await world.store.apply(Self.configuration([other]), digest: Samples.digest(8))
        #expect(try await world.store.secrets(for: call(build)) == .decided(.given(["TOKEN": other])))
        other.projects = [Glob("another")]
        _ = try await world.store.apply(Self.configuration([other]), digest: Samples.digest(9))
        guard case .decided(.refused) = try await world.store.secrets(for: call(build)) else { throw StoreError.internalError("of another project") }
        _ = try await world.store.apply(Self.configuration([]), digest: Samples.digest(10))
        #expect(try await world.store.secrets(for: call(build)) == .decided(.refused("the configuration in force has no secret token")))
        try await worker.tell(build, .stepStarted(StepStart(number: 1, attempt: 1)), key: "s")
        try await worker.tell(build, .stepFinished(StepEnd(number: 1, attempt: 1, outcome: .success, durationMilliseconds: 1)), key: "e")
        guard case .invalid = try await world.store.secrets(for: call(build)) else { throw StoreError.internalError("the step is over") }
        _ = try await world.store.cancelBuild(build.build, reason: "not wanted")
        guard case .decided(.refused) = try await world.store.secrets(for: call(build, attempt: 2)) else {
            throw StoreError.internalError("its end was asked for")
        }
    }

    func fencesSecrets() async throws {
        let (world, worker, build) = try await building()
        var stale = call(build)
        stale.fence = Fence(stale.fence.rawValue + 1)
        guard case .stale = try await world.store.secrets(for: stale) else { throw StoreError.internalError("the fence was not looked at") }
        let other = try await WorkerDouble(world.store, "other")
        var foreign = call(build)
        foreign.session = other.session.id
        #expect(try await world.store.secrets(for: foreign) == .notFound)
        try await worker.finish(build)
        guard case .stale = try await world.store.secrets(for: call(build)) else { throw StoreError.internalError("the build has ended") }
        _ = try await world.store.force(Samples.force(revision: "2"), idempotency: nil)
        let fresh = try #require(try await worker.claim(1).first)
        guard case .invalid = try await world.store.secrets(for: call(fresh)) else { throw StoreError.internalError("it was not accepted") }
    }

    func untrustedGetNone() async throws {
        let (world, _, build) = try await building([PullProperty.untrusted: true])
        let refused = SecretVerdict.decided(.refused("the secret token is not given to builds of what anybody may have written"))
        #expect(try await world.store.secrets(for: call(build)) == refused)
        #expect(try await world.store.secrets(for: call(build, step: 3)) == .decided(.given(["OPEN": Self.secret("open", untrusted: true)])))
    }
}
