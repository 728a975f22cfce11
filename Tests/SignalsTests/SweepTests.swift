import Logging
import Signals
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct SweepTests {
    /// A sweep over two loops that never run: their rings are counted.
    private struct Rig: Sendable {
        let clock = ManualClock()
        let bell = SettableBell()
        let first: Loop
        let second: Loop

        init() {
            first = Loop(name: .schedulingClassify, bell: bell, clock: clock) { nil }
            second = Loop(name: .relay, bell: bell, clock: clock) { nil }
        }

        func timer(random: Double = 0.5, log: LogRecorder = LogRecorder(), probe: SweepTimer.Probe? = nil) -> SweepTimer {
            SweepTimer(
                loops: [first, second], bell: bell, clock: clock, backoff: Backoff(first: .seconds(2)), random: { random }, logger: log.logger,
                probe: probe)
        }

        func run(_ timer: SweepTimer, _ body: @Sendable @escaping () async throws -> Void) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await timer.run() }
                defer { group.cancelAll() }
                try await body()
            }
        }

        var rings: [UInt64] { [first.statistics.rings, second.statistics.rings] }

        func sleeps(for duration: Duration) async { await clock.sleeper(until: clock.now + duration) }
    }

    @Test("A loop also runs when the sweep timer fires: every 60 s while the bell is healthy")
    func sweepsEachMinute() async throws {
        let rig = Rig()
        try await rig.run(rig.timer()) {
            await rig.sleeps(for: .seconds(60))
            #expect(rig.rings == [0, 0], "a loop starts with a pass of its own")
            rig.clock.advance(by: .seconds(60))
            await rig.sleeps(for: .seconds(60))
            #expect(rig.rings == [1, 1])
            rig.clock.advance(by: .seconds(60))
            await rig.sleeps(for: .seconds(60))
            #expect(rig.rings == [2, 2])
        }
    }

    @Test("Sweeps have jitter", arguments: [(0.0, 54), (1.0, 66)])
    func jitter(random: Double, seconds: Int) async throws {
        let rig = Rig()
        try await rig.run(rig.timer(random: random)) { await rig.sleeps(for: .seconds(seconds)) }
    }

    @Test("Sweeps come each second while the bell is not healthy, from the moment it is not", arguments: [BellHealth.degraded("refused"), .none])
    func sweepsEachSecond(health: BellHealth) async throws {
        let rig = Rig()
        try await rig.run(rig.timer()) {
            await rig.sleeps(for: .seconds(60))
            rig.bell.set(health)
            await rig.sleeps(for: .seconds(1))
            #expect(rig.rings == [1, 1])
            rig.clock.advance(by: .seconds(1))
            await rig.sleeps(for: .seconds(1))
            #expect(rig.rings == [2, 2])
            rig.bell.set(.healthy)
            rig.clock.advance(by: .seconds(1))
            await rig.sleeps(for: .seconds(60))
        }
    }

    @Test("A sweep is cheap: one question for all loops, and only those that have work run")
    func oneProbe() async throws {
        let rig = Rig()
        let asked = Mutex(0)
        let timer = rig.timer {
            asked.withLock { $0 += 1 }
            return [.relay, .housekeeping]
        }
        try await rig.run(timer) {
            await rig.sleeps(for: .seconds(60))
            rig.clock.advance(by: .seconds(60))
            await rig.sleeps(for: .seconds(60))
            #expect(asked.withLock { $0 } == 1)
            #expect(rig.rings == [0, 1])
        }
    }

    @Test("A sweep that cannot ask is told, and asks again after a backoff")
    func probeFails() async throws {
        let rig = Rig()
        let log = LogRecorder()
        let timer = rig.timer(random: 1, log: log) { throw ManualPass.Trouble() }
        try await rig.run(timer) {
            await rig.sleeps(for: .seconds(66))
            rig.clock.advance(by: .seconds(66))
            await rig.sleeps(for: .seconds(2))
            #expect(rig.rings == [0, 0])
            #expect(timer.statistics.errors == 1)
            #expect(log.lines.value.first?.metadata["loop"] == "sweep")
        }
    }
}
