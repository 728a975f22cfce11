import ProcessSupport
import ServerSupport
import Signals
import TestSupport
import Testing

@testable import SignalsAMQP

@Suite(.timeLimit(.minutes(2))) struct EventPublisherTests {
    let directory = TemporaryDirectory()

    private func withPublisher(
        _ body: @Sendable (_ broker: PrivateRabbitMQ, _ settings: AMQPSettings, _ publisher: AMQPEventPublisher) async throws -> Void
    ) async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let settings = try broker.settings()
        let publisher = try AMQPEventPublisher(settings: settings, logger: .quiet)
        try await withServices([publisher]) {
            // The exchanges are there once something was confirmed.
            _ = try await publisher.publish([.numbered(0)])
            try await body(broker, settings, publisher)
        }
    }

    @Test("A consumer in another language sees the properties and headers that the contract names")
    func properties() async throws {
        try await withPublisher { broker, settings, publisher in
            let exchange = Topology(settings).exchange(.events)
            #expect(exchange == "exchange/\(settings.prefix)/v1/events")
            let consumer = try await ForeignConsumer(url: broker.url, exchange: exchange, key: "build.finished.#", in: directory.path)
            let event = OutgoingEvent(
                routingKey: "build.finished.demo.main.unit.w1.success.12", messageID: "0b1c6f0e-6f2f-4f0e-9d0d-5a3a3d1f7c11",
                type: "build.finished.v1",
                timestamp: 1_700_000_000, correlationID: "chain-1",
                headers: [
                    .init("cloudEvents_id", "0b1c6f0e-6f2f-4f0e-9d0d-5a3a3d1f7c11"), .init("cloudEvents_source", "/doorbell/ä"),
                    .init("cloudEvents_entityversion", 3), .init("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ], body: Array(#"{"version":1,"name":"größer"}"#.utf8))
            #expect(try await publisher.publish([event, .numbered(1)]) == [.confirmed, .confirmed])
            let message = try #require(try await consumer.messages(1).first)
            #expect(message.exchange == exchange)
            #expect(message.routingKey == event.routingKey)
            #expect(message.contentType == "application/json")
            #expect(message.contentEncoding == "utf-8")
            #expect(message.deliveryMode == 2)
            #expect(message.messageID == event.messageID)
            #expect(message.type == "build.finished.v1")
            #expect(message.appID == "doorbell")
            #expect(message.correlationID == "chain-1")
            #expect(message.expiration == nil)
            #expect(message.timestamp == 1_700_000_000)
            let headers: [String: ForeignConsumer.Header] = [
                "cloudEvents_id": .text(event.messageID), "cloudEvents_source": .text("/doorbell/ä"), "cloudEvents_entityversion": .number(3),
                "traceparent": .text("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ]
            #expect(message.headers == headers)
            #expect(message.body == #"{"version":1,"name":"größer"}"#)
        }
    }

    @Test("Events arrive in the order of their batches, whatever their size and however many are published at once")
    func order() async throws {
        try await withPublisher { broker, settings, publisher in
            let consumer = try await ForeignConsumer(url: broker.url, exchange: Topology(settings).exchange(.events), in: directory.path)
            let batches = (0..<8).map { batch in (1...400).map { OutgoingEvent.numbered(batch * 400 + $0, size: $0 == 200 ? 300_000 : 100) } }
            for batch in batches { #expect(try await publisher.publish(batch) == Array(repeating: .confirmed, count: 400)) }
            #expect(try await consumer.messages(3200).map(\.messageID) == (1...3200).map { String($0) })
            #expect(publisher.statistics.confirmed == 3201)
            #expect(publisher.statistics.outstanding == 0)
        }
    }

    @Test("Batches of many callers are each answered with their own outcomes")
    func concurrent() async throws {
        try await withPublisher { _, _, publisher in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for caller in 1...20 {
                    group.addTask {
                        let bad = OutgoingEvent(routingKey: String(repeating: "a", count: 256), messageID: "x", type: "t", timestamp: 0, body: [])
                        let outcomes = try await publisher.publish((0..<caller).map { .numbered($0) } + [bad])
                        return outcomes.count == caller + 1 && outcomes.dropLast().allSatisfy { $0 == .confirmed } && outcomes.last != .confirmed
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test("What no broker could take is refused with its reason, and does not break the connection for the rest")
    func poison() async throws {
        try await withPublisher { _, _, publisher in
            let long = String(repeating: "x", count: 256)
            var poisoned = [OutgoingEvent](repeating: .numbered(1), count: 5)
            poisoned[0].routingKey = long
            poisoned[1].messageID = long
            poisoned[2].correlationID = long
            poisoned[3].headers = (0..<1000).map { .init("header-\($0)", long) }
            poisoned[4].headers = [.init(long, "value")]
            let outcomes = try await publisher.publish([.numbered(1)] + poisoned + [.numbered(2)])
            #expect(outcomes.first == .confirmed && outcomes.last == .confirmed)
            for outcome in outcomes.dropFirst().dropLast() {
                if case .refused = outcome {} else { Issue.record("taken: \(outcome)") }
            }
            #expect(publisher.statistics.connects == 1)
        }
    }

    @Test("An event that nobody wants is confirmed, and goes to the exchange for what is unrouted")
    func unrouted() async throws {
        try await withPublisher { broker, settings, publisher in
            let consumer = try await ForeignConsumer(url: broker.url, exchange: Topology(settings).exchange(.unrouted), in: directory.path)
            #expect(try await publisher.publish([.numbered(7)]) == [.confirmed])
            #expect(try await consumer.messages(1).first?.messageID == "7")
        }
    }

    @Test("A full queue that refuses stops neither the events it does not want nor the other queues")
    func fullQueue() async throws {
        try await withPublisher { broker, settings, publisher in
            let exchange = Topology(settings).exchange(.events)
            let full = "queue/\(settings.prefix)/full"
            _ = try await ForeignConsumer(
                url: broker.url, exchange: exchange, key: "event.odd", queue: full, arguments: ["x-max-length": 1, "x-overflow": "reject-publish"],
                consumes: false, in: directory.path)
            let consumer = try await ForeignConsumer(url: broker.url, exchange: exchange, in: directory.path)
            let events = (1...20).map { OutgoingEvent.numbered($0, key: $0.isMultiple(of: 2) ? "event.even" : "event.odd") }
            let outcomes = try await publisher.publish(events)
            for (event, outcome) in zip(events, outcomes) where event.routingKey == "event.even" || event.messageID == "1" {
                #expect(outcome == .confirmed)
            }
            let refused = outcomes.count { $0 != .confirmed }
            // The queue takes one, or a few more before its limit is known to the channel.
            #expect((1...9).contains(refused))
            #expect(publisher.statistics.refused == UInt64(refused))
            #expect(publisher.statistics.refusals == UInt64(refused) * 3, "each is tried three times")
            let seen = try await consumer.messages(20).compactMap { $0.messageID }
            #expect(Set(seen) == Set((1...20).map { String($0) }), "the other queue has all of them")
            #expect(try await publisher.publish([.numbered(21, key: "event.even")]) == [.confirmed])
        }
    }

    @Test(
        "A connection cut in the middle of a batch is told as unknown; sent again with the same ids, no event is missing and none is first seen out of order"
    )
    func cut() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        let settings = try broker.settings(url: "amqp://guest:guest@127.0.0.1:\(proxy.port)")
        let publisher = try AMQPEventPublisher(settings: settings, logger: .quiet)
        try await withServices([publisher]) {
            _ = try await publisher.publish([.numbered(0)])
            let consumer = try await ForeignConsumer(url: broker.url, exchange: Topology(settings).exchange(.events), in: directory.path)
            for (batch, marks) in [(0, "250"), (1, "650"), (2, "")].enumerated().map({ ($0.offset, $0.element.1) }) {
                let cuts = Watched(0)
                let answers = batch == 1 ? FaultProxy.Direction.toClient : .toServer
                proxy.judge { direction, piece in
                    guard !marks.isEmpty, direction == answers, answers == .toClient || piece.contains("number-\(marks)-") else { return .pass }
                    return cuts.change { cuts in
                        cuts += 1
                        return cuts == 1
                    } ? .cutBefore : .pass
                }
                let events = (1...400).map { OutgoingEvent.numbered(batch * 400 + $0, size: 1000) }
                let interruptions = try await publisher.publishUntilSettled(events)
                #expect(interruptions >= (marks.isEmpty ? 0 : 1))
            }
            proxy.judge(nil)
            var first: [String] = []
            var count = 1200
            while first.count < 1200 {
                first = []
                var seen = Set<String>()
                for id in try await consumer.messages(count).compactMap(\.messageID) where seen.insert(id).inserted { first.append(id) }
                count += 1200 - first.count
            }
            #expect(first == (1...1200).map { String($0) })
        }
    }

    @Test("Whoever is cancelled while it waits is answered at once")
    func cancelled() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let proxy = try FaultProxy(to: broker.port)
        defer { proxy.stop() }
        let publisher = try AMQPEventPublisher(
            settings: broker.settings(url: "amqp://guest:guest@127.0.0.1:\(proxy.port)"), patience: .seconds(3600), logger: .quiet)
        try await withServices([publisher]) {
            _ = try await publisher.publish([.numbered(0)])
            proxy.hold(true)
            let task = Task { try await publisher.publish([.numbered(1)]) }
            while publisher.statistics.outstanding == 0 { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            proxy.hold(false)
            #expect(try await publisher.publish([.numbered(2)]) == [.confirmed])
        }
    }

    @Test("A stopped publisher answers instead of keeping batches for ever")
    func stopped() async throws {
        let publisher = try AMQPEventPublisher(settings: try await PrivateRabbitMQ.shared().settings(), logger: .quiet)
        try await withServices([publisher]) { _ = try await publisher.publish([.numbered(0)]) }
        await #expect(throws: PublishInterrupted.self) { try await publisher.publish([.numbered(1)]) }
    }
}
