import BellConformance
import Logging
import ServerSupport
import Signals
import SignalsAMQP
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct AMQPBellTests {
    private func withBells(_ body: @Sendable (_ here: AMQPBell, _ there: AMQPBell) async throws -> Void) async throws {
        let settings = try await PrivateRabbitMQ.shared().settings()
        let here = try AMQPBell(settings: settings, logger: .quiet)
        let there = try AMQPBell(settings: settings, logger: .quiet)
        try await withServices([here, there]) {
            await here.healthy()
            await there.healthy()
            try await body(here, there)
        }
    }

    @Test("The bell of two processes keeps every rule", arguments: BellRule.all)
    func conformanceAcross(rule: BellRule) async throws {
        try await withBells { here, there in try await rule.check(BellEnds(ringing: here, hearing: there)) }
    }

    @Test("The bell of one process keeps every rule", arguments: BellRule.all)
    func conformanceWithin(rule: BellRule) async throws {
        try await withBells { here, _ in try await rule.check(BellEnds(ringing: here, hearing: here)) }
    }

    @Test("A process does not hear its own rings a second time from the broker")
    func ownRings() async throws {
        try await withBells { here, there in
            let heard = Watched(0)
            let arrived = Flag()
            let mine = here.listen(to: .relay) { heard.change { $0 += 1 } }
            let theirs = there.listen(to: .relay) { arrived.raise() }
            here.ring(.relay)
            await arrived.wait()
            // The answer comes on the same way after it.
            let answered = Flag()
            let answer = here.listen(to: .sweeper) { answered.raise() }
            there.ring(.sweeper)
            await answered.wait()
            #expect(heard.value == 1)
            for subscription in [mine, theirs, answer] { subscription.cancel() }
        }
    }

    @Test("Rings are coalesced: a storm of them is few messages")
    func storm() async throws {
        try await withBells { here, there in
            let last = Flag()
            let subscription = there.listen(to: .housekeeping) { last.raise() }
            for _ in 0..<20_000 { here.ring(.relay) }
            here.ring(.housekeeping)
            await last.wait()
            #expect(here.statistics.ringsSent < 5000)
            subscription.cancel()
        }
    }

    @Test("The bell is measured by a ring to oneself")
    func measured() async throws {
        try await withBells { here, _ in #expect(here.statistics.roundTrip != nil) }
    }

    @Test("Rings from before there is a connection reach the others once there is one")
    func early() async throws {
        let settings = try await PrivateRabbitMQ.shared().settings()
        let here = try AMQPBell(settings: settings, logger: .quiet)
        let there = try AMQPBell(settings: settings, logger: .quiet)
        here.ring(.dispatchMatch)
        let heard = Flag()
        let subscription = there.listen(to: .dispatchMatch) { heard.raise() }
        try await withServices([there]) {
            await there.healthy()
            try await withServices([here]) { await heard.wait() }
        }
        subscription.cancel()
    }

    @Test("Without a broker the bell is degraded and says why, rings within the process, and goes on trying")
    func noBroker() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        proxy.refuse(true)
        let bell = try AMQPBell(settings: broker.settings(url: "amqp://guest:guest@127.0.0.1:\(proxy.port)"), logger: .quiet)
        let observer = BellObserver(bell)
        let heard = Flag()
        let subscription = bell.listen(to: .relay) { heard.raise() }
        try await withServices([bell]) {
            bell.ring(.relay)
            await heard.wait()
            await observer.seen.wait { if case .degraded(let reason) = $0.health { reason.contains("127.0.0.1") } else { false } }
            proxy.refuse(false)
            await observer.healthy()
        }
        #expect(bell.health != .healthy, "stopped")
        subscription.cancel()
    }

    @Test("A broken connection comes back by itself, tells loops to look, and rings again what may have been lost")
    func cut() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        let settings = try broker.settings()
        let proxied = try broker.settings(url: "amqp://guest:guest@127.0.0.1:\(proxy.port)", prefix: settings.prefix)
        let here = try AMQPBell(settings: proxied, logger: .quiet)
        let there = try AMQPBell(settings: settings, logger: .quiet)
        let observer = BellObserver(here)
        let heard = Watched(0)
        let subscription = there.listen(to: .relay) { heard.change { $0 += 1 } }
        try await withServices([here, there]) {
            await here.healthy()
            await there.healthy()
            let before = observer.seen.value.reconnects
            // The ring is swallowed on its way: nobody can know that it was.
            proxy.judge { direction, piece in direction == .toServer && piece.contains("wake.relay") ? .cutBefore : .pass }
            here.ring(.relay)
            await observer.degraded()
            #expect(heard.value == 0)
            proxy.judge(nil)
            await heard.wait { $0 >= 1 }
            proxy.cut()
            await observer.reconnected(before + 1)
            await observer.healthy()
        }
        subscription.cancel()
    }

    @Test("A broker that believes in the dead connection for a while does not keep the bell from coming back")
    func stranded() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        // So rare that the broker notices nothing as long as this test may take.
        let url = "amqp://guest:guest@127.0.0.1:\(proxy.port)?heartbeat=3600"
        let bell = try AMQPBell(settings: broker.settings(url: url), logger: .quiet)
        let observer = BellObserver(bell)
        try await withServices([bell]) {
            await observer.healthy()
            proxy.strand()
            await observer.degraded()
            await observer.healthy()
        }
    }

    @Test("An idle bell outlives several heartbeats")
    func idle() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        // Its rings to itself are rarer than the broker's patience of two intervals.
        let bell = try AMQPBell(settings: broker.settings(url: broker.url + "?heartbeat=1"), echoInterval: .seconds(4), logger: .quiet)
        try await withServices([bell]) {
            await bell.healthy()
            let connects = bell.statistics.connects
            let first = bell.statistics.roundTrip
            // The next ring to oneself that comes back ends the wait: four intervals of the heartbeat later.
            while bell.statistics.roundTrip == first { try await Task.sleep(for: .milliseconds(50)) }
            #expect(bell.statistics.connects == connects)
            #expect(bell.health == .healthy)
        }
    }
}

extension [UInt8] {
    func contains(_ text: String) -> Bool { firstRange(of: Array(text.utf8)) != nil }
}
