import ServiceLifecycleTestKit
import Signals
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct LoopStopTests {
    @Test("Stopping lets the running pass finish, releases the leases, then returns")
    func gracefulStop() async throws {
        let rig = LoopRig()
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await rig.loop.run() }
                await rig.pass.started(1)
                rig.bell.ring(.schedulingClassify)
                trigger.triggerGracefulShutdown()
                #expect(!rig.stopped.isRaised)
                rig.pass.finish(.immediately)
                try await group.waitForAll()
            }
        }
        #expect(rig.stopped.isRaised)
        #expect(rig.pass.started == 1)
    }

    @Test("A loop that waits stops without another pass")
    func gracefulStopWhileWaiting() async throws {
        let rig = LoopRig()
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await rig.loop.run() }
                await rig.pass.started(1)
                await rig.settle(at: .seconds(10))
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
        #expect(rig.stopped.isRaised)
        #expect(rig.pass.started == 1)
    }

    @Test("A loop in its backoff stops without waiting for its end")
    func gracefulStopInBackoff() async throws {
        let rig = LoopRig()
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await rig.loop.run() }
                await rig.pass.started(1)
                rig.pass.fail()
                await rig.clock.sleeper(until: rig.moment(.seconds(1)))
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
        #expect(rig.stopped.isRaised)
    }

    @Test("A second signal stops at once: the pass is cancelled and leases are left to expire")
    func secondSignal() async throws {
        let rig = LoopRig()
        let started = Flag()
        let cancelled = Flag()
        let loop = Loop(
            name: .relay, bell: rig.bell, clock: rig.clock, logger: rig.log.logger, onStop: { rig.stopped.raise() }
        ) {
            started.raise()
            do {
                try await rig.clock.sleep(until: rig.moment(.seconds(3600)), tolerance: nil)
            } catch {
                cancelled.raise()
                throw error
            }
            return nil
        }
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await loop.run() }
                await started.wait()
                trigger.triggerGracefulShutdown()
                #expect(!cancelled.isRaised)
                group.cancelAll()
                try await group.waitForAll()
            }
        }
        #expect(cancelled.isRaised)
        #expect(!rig.stopped.isRaised)
        #expect(rig.log.lines.value.isEmpty, "a pass that gives up when told to is no error")
    }

    @Test("After a stop nothing listens at the bell")
    func leavesTheBell() async throws {
        let rig = LoopRig()
        try await rig.run { await rig.pass.started(1) }
        rig.bell.ring(.schedulingClassify)
        #expect(rig.loop.statistics.rings == 0)
    }
}
