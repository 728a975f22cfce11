import Domain
import Logging
import ProcessSupport
import ServiceLifecycle
import Signals
import Storage
import TestSupport
import Testing

@testable import Intake

@Suite(.timeLimit(.minutes(10))) struct SourcePollerTests {
    /// Runs a poller of these sources while the body does, then stops it as the process would.
    private func run(
        _ sources: [SourceConfiguration], _ rig: PollRig, _ store: (any ChangeStore & SourceStore)? = nil, limits: [String: ChangeLimit] = [:],
        _ body: @Sendable @escaping (SourcePoller, Watched<Int>) async throws -> Void
    ) async throws {
        let bell = LocalBell()
        let rings = Watched(0)
        let subscription = bell.listen(to: .schedulingClassify) { rings.change { $0 += 1 } }
        defer { subscription.cancel() }
        let applied = AppliedConfiguration(
            id: ConfigurationID(1), digest: "", applied: Timestamp(seconds: 0),
            configuration: Configuration(project: "demo", sources: sources, sourceLimits: limits))
        let poller = SourcePoller(
            store: store ?? rig.store, bell: bell, dataDirectory: rig.directory.file("data"), configuration: { applied }, logger: rig.log.logger)
        let group = ServiceGroup(services: poller.loops, logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(poller, rings)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func slow(_ source: SourceConfiguration, named name: String) -> SourceConfiguration {
        var source = source
        source.name = name
        source.every = .seconds(3600)
        return source
    }

    @Test("A remote that hangs holds up no other, and does not hold up the stop")
    func independent() async throws {
        let server = try SilentServer()
        let rig = try await PollRig()
        let tip = try rig.remote.commit(["a": "0"], message: "0")
        let hanging = slow(rig.source("git://127.0.0.1:\(server.port)/x", timeout: .seconds(3600)), named: "hanging")
        try await run([hanging, slow(rig.source(), named: "repo")], rig) { poller, rings in
            await server.connected.wait()
            await rings.wait { $0 > 0 }
            let revisions = try await rig.changes().map(\.revision)
            #expect(revisions == [tip])
            #expect(poller.reports().map(\.name) == ["hanging", "repo"])
        }
    }

    @Test("Whoever asks for a poll while one runs gets another after it")
    func askedWhileRunning() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        let gated = GatedStore(store: rig.store)
        try await run([slow(rig.source(), named: "repo")], rig, gated) { poller, rings in
            await gated.arrivals.wait { $0 == 1 }
            let tip = try rig.remote.commit(["a": "1"], message: "1")
            #expect(poller.pollNow("repo"))
            gated.gate.raise()
            await gated.arrivals.wait { $0 == 2 }
            await rings.wait { $0 == 2 }
            #expect(try await rig.changes().last?.revision == tip)
        }
    }

    @Test("A source that brought more than its limit is looked at when that is worked off, also when somebody asks")
    func limited() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        try rig.remote.git("branch", "other")
        try await run([rig.source()], rig, limits: ["repo": ChangeLimit(changes: 1, per: .seconds(80_000))]) { poller, _ in
            await poller.waitForFirstContact(within: .seconds(30))
            #expect(poller.pollNow("repo"))
            let next = try #require(poller.reports().first?.nextAttempt)
            #expect(ContinuousClock.now.duration(to: next) > .seconds(100_000))
            #expect(try await rig.changes().count == 2)
        }
    }

    @Test("A source that the configuration does not have cannot be polled")
    func unknown() async throws {
        let rig = try await PollRig()
        try await run([], rig) { poller, _ in
            await poller.waitForFirstContact(within: .seconds(30))
            #expect(!poller.pollNow("nobody"))
        }
    }

    @Test("A source is polled by one of several intakes; what is pushed after that one stopped is found by another")
    func oneOfSeveral() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        let leasing = LeasingStore(rig.store)
        var source = rig.source()
        source.every = .milliseconds(200)
        let sources = [source]
        try await run(sources, rig, leasing) { first, rings in
            await rings.wait { $0 == 1 }
            try await run(sources, rig, leasing) { second, _ in
                await leasing.refusals.wait { $0 >= 3 }
                #expect(second.reports().allSatisfy { $0.problem == nil })
                let changes = try await rig.changes()
                #expect(changes.count == 1)
            }
            #expect(first.reports().allSatisfy { $0.problem == nil })
        }
        let tip = try rig.remote.commit(["a": "1"], message: "1")
        try await run(sources, rig, leasing) { _, rings in
            await rings.wait { $0 == 1 }
            let changes = try await rig.changes()
            #expect(changes.last?.revision == tip)
        }
    }
}
