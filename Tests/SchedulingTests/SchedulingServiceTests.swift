import Domain
import Scheduling
import Signals
import Storage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct SchedulingServiceTests {
    @Test("A ring after a change makes its buildset, and rings for dispatch")
    func changeToBuildset() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule())
        try await rig.run(rig.makeService()) {
            let change = try await rig.accept(["1"])
            rig.bell.ring(.schedulingClassify)
            let buildsets = try await rig.buildsets(1)
            #expect(buildsets.map(\.changes) == [change])
            await rig.dispatchRings.wait { $0 == 1 }
        }
    }

    @Test("What was accepted before the start is classified without a ring, however much it is")
    func start() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule())
        let revisions = (1...450).map(String.init)
        try await rig.accept(revisions)
        try await rig.run(rig.makeService()) {
            let buildsets = try await rig.buildsets(450)
            #expect(buildsets.compactMap(\.stamp.revision) == revisions)
        }
    }

    @Test("Changes wait for the first configuration, and each is judged by the one in force when it is classified")
    func configurationChanges() async throws {
        let rig = try await SchedulingRig()
        try await rig.accept(["1"])
        try await rig.run(rig.makeService()) {
            rig.bell.ring(.schedulingClassify)
            try await rig.apply([SchedulingRig.rule("first")])
            #expect(try await rig.buildsets(1).map(\.scheduler) == ["first"])
            try await rig.apply([SchedulingRig.rule("second")])
            try await rig.accept(["2"])
            rig.bell.ring(.schedulingClassify)
            #expect(try await rig.buildsets(2).map(\.scheduler) == ["first", "second"])
        }
    }

    @Test("The changes of one quiet time make one buildset that names them all, when the branch has been quiet")
    func quietTime() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule(quiet: .seconds(5)))
        try await rig.run(rig.makeService()) {
            let first = try await rig.accept(["1"])
            rig.bell.ring(.schedulingClassify)
            await rig.sleeps(for: .seconds(5))
            rig.advance(by: .seconds(3))
            let second = try await rig.accept(["2"])
            rig.bell.ring(.schedulingClassify)
            // The second change moved the end: 5 s from its acceptance, and nothing at the first one's.
            rig.advance(by: .seconds(2))
            await rig.sleeps(for: .seconds(3))
            #expect(try await rig.buildsets(0).isEmpty)
            rig.advance(by: .seconds(3))
            let buildsets = try await rig.buildsets(1)
            #expect(buildsets.map(\.changes) == [first + second])
            #expect(buildsets.map(\.stamp.revision) == ["2"])
            await rig.dispatchRings.wait { $0 == 1 }
        }
    }

    @Test("A quiet time that waits for an earlier change to be classified fires as soon as that is done")
    func freedByClassification() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule(quiet: .seconds(5)))
        try await rig.run(rig.makeService()) {
            let wanted = try await rig.accept(["1"])
            rig.bell.ring(.schedulingClassify)
            await rig.sleeps(for: .seconds(5))
            rig.advance(by: .seconds(2))
            try await rig.accept(["2"], branch: "topic")
            // Its ring got lost.
            rig.advance(by: .seconds(10))
            rig.bell.ring(.schedulingClassify)
            #expect(try await rig.buildsets(1).map(\.changes) == [wanted])
        }
    }

    @Test("A jump of the wall clock hangs no quiet time: it is looked at again within a minute")
    func clockJumps() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule(quiet: .seconds(3600)))
        try await rig.run(rig.makeService()) {
            try await rig.accept(["1"])
            rig.bell.ring(.schedulingClassify)
            await rig.sleeps(for: .seconds(60))
            // Set back: more to wait than before, and still the next look is a minute away.
            rig.storeClock.advance(by: .seconds(-86_400))
            rig.clock.advance(by: .seconds(60))
            await rig.sleeps(for: .seconds(60))
            // Set forward: due by the store's clock, so it fires at that look.
            rig.storeClock.advance(by: .seconds(86_400 + 3600))
            rig.clock.advance(by: .seconds(60))
            _ = try await rig.buildsets(1)
        }
    }

    @Test("A rule of the clock fires at its time without a ring, and again and again")
    func clock() async throws {
        let clock = SchedulerRule(name: "clock", kind: .periodic, builders: ["test"], schedule: Schedule(timing: .every(.seconds(5))))
        let rig = try await SchedulingRig(SchedulingRig.rule("each", branches: ["topic"]), clock)
        try await rig.accept(["1"])
        try await rig.run(rig.makeService()) {
            for count in 1...3 {
                await rig.sleeps(for: .seconds(5))
                rig.advance(by: .seconds(5))
                let made = try await rig.buildsets(count)
                #expect(made.map(\.scheduler) == Array(repeating: "clock", count: count))
            }
        }
    }

    @Test("A store that calls a quiet time due and does not fire it keeps the loop from spinning")
    func noSpin() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule())
        try await rig.run(rig.makeService(store: StubbornStore(clock: rig.storeClock))) {
            await rig.sleeps(for: .milliseconds(5))
        }
    }

    @Test("The ends of buildsets cost nothing where nobody follows them, and are followed at once where somebody does")
    func ends() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule())
        let counting = CountingStore(rig.store)
        let service = rig.makeService(store: counting)
        let loop = try #require(service.loops.first { $0.name == .schedulingCompletions })
        /// Rings, and returns when the loop has run for it.
        @Sendable func ring() async throws {
            let before = loop.statistics.passes
            rig.bell.ring(.schedulingCompletions)
            while loop.statistics.passes == before { try await Task.sleep(for: .milliseconds(1)) }
        }
        try await rig.run(service) {
            for _ in 0..<20 { try await ring() }
            #expect(counting.looks == 1)
            rig.advance(by: .seconds(60))
            try await ring()
            #expect(counting.looks == 2)
            var follower = SchedulingRig.rule("after")
            follower.kind = .dependent
            follower.follows = Dependence(schedulers: ["commits"], outcomes: Set(Outcome.allCases))
            try await rig.apply([SchedulingRig.rule(), follower])
            try await rig.accept(["1"])
            rig.bell.ring(.schedulingClassify)
            let request = try #require(try await rig.buildsets(1).first.map { _ in Domain.RequestID(1) })
            _ = try await rig.store.cancelRequest(request, reason: "by hand")
            rig.bell.ring(.schedulingCompletions)
            #expect(try await rig.buildsets(2).map(\.scheduler) == ["commits", "after"])
        }
    }

    @Test("Two services on one store make each buildset once")
    func replicas() async throws {
        let rig = try await SchedulingRig(
            SchedulingRig.rule("now"), SchedulingRig.rule("later", branches: ["*"], quiet: .seconds(5)), SchedulingRig.rule("also"))
        try await rig.run(rig.makeService(), rig.makeService()) {
            for group in 0..<50 {
                try await rig.accept((0..<10).map { "\(group)-\($0)" }, branch: group.isMultiple(of: 2) ? "main" : "topic")
                rig.bell.ring(.schedulingClassify)
            }
            _ = try await rig.buildsets(500)
            await rig.sleeps(for: .seconds(5))
            rig.advance(by: .seconds(5))
            let buildsets = try await rig.buildsets(502)
            #expect(buildsets.count == 502)
            for scheduler in ["now", "also"] {
                #expect(Set(buildsets.filter { $0.scheduler == scheduler }.map(\.changes)).count == 250)
            }
            let later = buildsets.filter { $0.scheduler == "later" }
            #expect(later.map(\.changes.count) == [250, 250])
            #expect(Set(later.flatMap(\.changes)).count == 500)
        }
    }

    @Test("A store that is away delays the work and loses none")
    func storeAway() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule())
        try await rig.accept(["1"])
        let service = rig.makeService(store: FailingStore(rig.store, failures: 3))
        try await rig.run(service) {
            for failures in 1...3 {
                await rig.log.lines.wait { $0.count == failures }
                rig.bell.announceReconnect()
            }
            _ = try await rig.buildsets(1)
            let classify = try #require(service.loops.first { $0.name == .schedulingClassify })
            #expect(classify.statistics.errors == 3)
        }
    }
}
