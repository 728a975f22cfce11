import Signals
import Testing

/// DESIGN §2, one test for each sentence; stopping and sweeping have suites of their own.
@Suite(.timeLimit(.minutes(2))) struct LoopContractTests {
    @Test("A loop runs at its start, with nobody ringing")
    func startsWithAPass() async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
        }
    }

    @Test("A ring reaches the loops of the same process directly, all of that name and no other")
    func ringsReach() async throws {
        let rig = LoopRig()
        let second = ManualPass()
        let other = ManualPass()
        let twin = Loop(name: .schedulingClassify, bell: rig.bell, clock: rig.clock, pass: second.run)
        let stranger = Loop(name: .relay, bell: rig.bell, clock: rig.clock, pass: other.run)
        try await rig.run {
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await twin.run() }
                group.addTask { try await stranger.run() }
                for pass in [rig.pass, second, other] { await pass.started(1) }
                await rig.settle(at: .seconds(1))
                second.finish(.at(rig.moment(.seconds(2))))
                other.finish(.at(rig.moment(.seconds(3))))
                await rig.clock.sleeper(until: rig.moment(.seconds(2)))
                await rig.clock.sleeper(until: rig.moment(.seconds(3)))
                rig.bell.ring(.schedulingClassify)
                await rig.pass.started(2)
                await second.started(2)
                #expect(stranger.statistics.rings == 0)
                group.cancelAll()
                second.finish()
            }
        }
    }

    @Test("Any number of rings during a pass cause exactly one more pass", arguments: [1, 2, 1000])
    func ringsCoalesce(rings: Int) async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
            for _ in 0..<rings { rig.bell.ring(.schedulingClassify) }
            rig.pass.finish()
            await rig.pass.started(2)
            await rig.settle(at: .seconds(5))
            #expect(rig.pass.started == 2)
            #expect(rig.loop.statistics.rings == UInt64(rings))
        }
    }

    @Test("A full pass starts after the last ring, however rings and passes fall together; passes never overlap")
    func lastRingIsAnswered() async throws {
        let bell = LocalBell()
        let pass = StampedPass()
        let loop = Loop(name: .dispatchMatch, bell: bell, pass: pass.run)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run() }
            await withTaskGroup(of: Void.self) { ringers in
                for _ in 0..<4 {
                    ringers.addTask {
                        for _ in 0..<2000 {
                            let stamp = pass.stamp()
                            bell.ring(.dispatchMatch)
                            if stamp.isMultiple(of: 16) { await pass.saw(stamp) }
                        }
                    }
                }
            }
            await pass.saw(8000)
            #expect(pass.overlaps == 0)
            group.cancelAll()
        }
    }

    @Test("A pass that took a full batch runs again at once")
    func fullBatchRunsAgain() async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
            rig.pass.finish(.immediately)
            await rig.pass.started(2)
            rig.pass.finish(.immediately)
            await rig.pass.started(3)
            await rig.settle(at: .seconds(1))
            #expect(rig.pass.started == 3)
        }
    }

    @Test("A pass runs at the absolute time that the one before returned, and not before")
    func wakesWhenAsked() async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
            await rig.settle(at: .seconds(10))
            rig.clock.advance(by: .seconds(9))
            #expect(rig.pass.started == 1)
            rig.clock.advance(by: .seconds(1))
            await rig.pass.started(2)
        }
    }

    @Test("A wake time that has passed already means at once")
    func pastWake() async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
            rig.pass.finish(.at(rig.moment(.seconds(-5))))
            await rig.pass.started(2)
        }
    }

    @Test("A later return replaces the wake time, by an earlier or a later one")
    func laterReturnReplaces() async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
            await rig.settle(at: .seconds(10))
            rig.bell.ring(.schedulingClassify)
            await rig.pass.started(2)
            rig.pass.finish(.at(rig.moment(.seconds(20))))
            // The timer for second 10 may still be set; it only makes the loop look.
            rig.clock.advance(by: .seconds(10))
            await rig.clock.sleeper(until: rig.moment(.seconds(20)))
            #expect(rig.pass.started == 2)
            rig.bell.ring(.schedulingClassify)
            await rig.pass.started(3)
            await rig.settle(at: .seconds(15))
            rig.clock.advance(by: .seconds(5))
            await rig.pass.started(4)
        }
    }

    @Test("A loop runs after a reconnect of the bell or the database, even in its backoff, which starts over")
    func reconnect() async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
            for failures in 1...4 {
                rig.pass.fail()
                await rig.clock.sleeper(until: rig.clock.now + .seconds(1 << (failures - 1)))
                if failures < 4 {
                    rig.clock.advance(by: .seconds(1 << (failures - 1)))
                    await rig.pass.started(failures + 1)
                }
            }
            rig.bell.announceReconnect()
            await rig.pass.started(5)
            rig.pass.fail()
            await rig.clock.sleeper(until: rig.clock.now + .seconds(1))
        }
    }

    @Test("An error is logged with its cause and counted")
    func errorsAreTold() async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
            rig.pass.fail()
            await rig.clock.sleeper(until: rig.moment(.seconds(1)))
            let line = try #require(rig.log.lines.value.first)
            #expect(line.level == .error)
            #expect(line.metadata["loop"] == "scheduling.classify")
            #expect(line.metadata["error"] == "the disk is full")
            #expect(line.metadata["failures"] == "1")
            #expect(rig.loop.statistics.errors == 1)
            #expect(rig.loop.statistics.failing == "the disk is full")
            rig.clock.advance(by: .seconds(1))
            await rig.pass.started(2)
            await rig.settle(at: .seconds(3))
            #expect(rig.loop.statistics.errors == 1)
            #expect(rig.loop.statistics.passes == 2)
            #expect(rig.loop.statistics.failing == nil)
        }
    }

    @Test("A failed pass is tried again after a backoff that doubles, and a ring does not skip it")
    func backoffHolds() async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
            rig.pass.fail()
            await rig.clock.sleeper(until: rig.moment(.seconds(1)))
            rig.bell.ring(.schedulingClassify)
            rig.clock.advance(by: .milliseconds(999))
            rig.bell.ring(.schedulingClassify)
            #expect(rig.pass.started == 1)
            rig.clock.advance(by: .milliseconds(1))
            await rig.pass.started(2)
            rig.pass.fail()
            await rig.clock.sleeper(until: rig.moment(.seconds(3)))
            #expect(rig.pass.started == 2)
        }
    }

    @Test("A loop can be started once only, for two would overlap")
    func startsOnce() async throws {
        let rig = LoopRig()
        try await rig.run {
            await rig.pass.started(1)
            await #expect(throws: (any Error).self) { try await rig.loop.run() }
        }
    }
}
