import ServerSupport
import Signals
import TestSupport
import Testing

@testable import SignalsAMQP

/// A broker of their own, which is bounced, starved and frozen.
@Suite(.serialized, .timeLimit(.minutes(4))) struct BrokerFaultTests {
    private static let broker = Task { try await PrivateRabbitMQ.start() }
    let directory = TemporaryDirectory()

    @Test("A bounced broker loses no confirmed event, and everything comes back by itself", arguments: [false, true])
    func bounced(killed: Bool) async throws {
        let broker = try await Self.broker.value
        let settings = try broker.settings()
        let publisher = try AMQPEventPublisher(settings: settings, logger: .quiet)
        let here = try AMQPBell(settings: settings, echoInterval: .seconds(1), logger: .quiet)
        let there = try AMQPBell(settings: settings, echoInterval: .seconds(1), logger: .quiet)
        let observers = [BellObserver(here), BellObserver(there)]
        let heard = Watched(0)
        let subscription = there.listen(to: .relay) { heard.change { $0 += 1 } }
        let queue = "queue/\(settings.prefix)/all"
        try await withServices([publisher, here, there]) {
            _ = try await publisher.publish([.numbered(0)])
            for observer in observers { await observer.healthy() }
            _ = try await ForeignConsumer(
                url: broker.url, exchange: Topology(settings).exchange(.events), queue: queue, consumes: false, in: directory.path)
            let reconnects = observers.map { $0.seen.value.reconnects }
            let publishing = Task {
                var interruptions = 0
                var batch = 0
                // Goes on until it has met the fault and has published after it.
                while interruptions == 0 || batch < 10 {
                    interruptions += try await publisher.publishUntilSettled((1...100).map { .numbered(batch * 100 + $0) })
                    batch += 1
                }
                return batch * 100
            }
            try await broker.restart(killed: killed)
            let count = try await publishing.value
            for (observer, before) in zip(observers, reconnects) {
                await observer.reconnected(before + 1)
                await observer.healthy()
            }
            let before = heard.value
            here.ring(.relay)
            await heard.wait { $0 > before }
            let consumer = try await ForeignConsumer(url: broker.url, exchange: "", queue: queue, in: directory.path)
            var first: [String] = []
            var wanted = count
            while first.count < count {
                first = []
                var seen = Set<String>()
                for id in try await consumer.messages(wanted).compactMap(\.messageID) where seen.insert(id).inserted { first.append(id) }
                wanted += count - first.count
            }
            #expect(first == (1...count).map { String($0) })
        }
        subscription.cancel()
    }

    @Test("A broker short of memory blocks nobody here: it is said, publishing is given up as unknown, and goes on by itself afterwards")
    func memoryAlarm() async throws {
        let broker = try await Self.broker.value
        let settings = try broker.settings()
        let publisher = try AMQPEventPublisher(settings: settings, patience: .seconds(1), logger: .quiet)
        let bell = try AMQPBell(settings: settings, echoInterval: .milliseconds(500), logger: .quiet)
        let observer = BellObserver(bell)
        try await withServices([publisher, bell]) {
            _ = try await publisher.publish([.numbered(0)])
            await observer.healthy()
            let consumer = try await ForeignConsumer(url: broker.url, exchange: Topology(settings).exchange(.events), in: directory.path)
            let connects = bell.statistics.connects + publisher.statistics.connects
            try await broker.ctl("set_vm_memory_high_watermark", "0.0001")
            let error = await #expect(throws: PublishInterrupted.self) {
                // The first may be taken before the alarm is known everywhere.
                for number in 1... { _ = try await publisher.publish([.numbered(number, size: 100_000)]) }
            }
            #expect(error?.reason.contains("memory") == true)
            await observer.seen.wait { if case .degraded(let reason) = $0.health { reason.contains("memory") } else { false } }
            bell.ring(.relay)
            try await broker.ctl("set_vm_memory_high_watermark", "0.6")
            await observer.healthy()
            _ = try await publisher.publishUntilSettled([.numbered(1_000_000)])
            while try await consumer.messages(1).last?.messageID != "1000000" { try await Task.sleep(for: .milliseconds(20)) }
            #expect(bell.statistics.blocked > .zero)
            #expect(publisher.statistics.blocked > .zero)
            #expect(bell.statistics.connects + publisher.statistics.connects == connects, "the connections stayed")
        }
    }

    @Test("A broker that stops reading while a large event is written holds the thread no longer than two heartbeats")
    func frozen() async throws {
        let broker = try await Self.broker.value
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        let settings = try broker.settings(url: "amqp://guest:guest@127.0.0.1:\(proxy.port)?heartbeat=1&connection_timeout=500")
        let publisher = try AMQPEventPublisher(settings: settings, patience: .seconds(3600), logger: .quiet)
        try await withServices([publisher]) {
            _ = try await publisher.publish([.numbered(0)])
            proxy.hold(true)
            let error = await #expect(throws: PublishInterrupted.self) { try await publisher.publish([.numbered(1, size: 8_000_000)]) }
            #expect(error?.reason.contains("the connection was shut") == true, "\(String(describing: error))")
            proxy.hold(false)
            _ = try await publisher.publishUntilSettled([.numbered(2)])
        }
    }

    @Test("A broker that falls silent is noticed by its missing heartbeats")
    func silent() async throws {
        let broker = try await Self.broker.value
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        let settings = try broker.settings(url: "amqp://guest:guest@127.0.0.1:\(proxy.port)?heartbeat=1&connection_timeout=500")
        let bell = try AMQPBell(settings: settings, echoInterval: .seconds(3600), logger: .quiet)
        let observer = BellObserver(bell)
        try await withServices([bell]) {
            await observer.healthy()
            proxy.hold(true)
            await observer.degraded()
            proxy.hold(false)
            await observer.healthy()
        }
    }
}
