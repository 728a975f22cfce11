import Foundation
import Logging
import ServerSupport
import Signals
import Synchronization
import TestSupport
import Testing

@testable import SignalsAMQP

/// Feeds from a real broker, filled by a client that is not ours.
@Suite(.timeLimit(.minutes(4))) struct FeedTests {
    let directory = TemporaryDirectory()

    /// A feed, and what it was given so far.
    private final class Reader: Sendable {
        let seen = Watched<[FeedMessage]>([])
        let feed: AMQPFeed
        private let task: Task<Void, any Error>

        init(_ queue: FeedQueue, on broker: PrivateRabbitMQ, judge: @escaping @Sendable (FeedMessage) async -> FeedVerdict = { _ in .done }) throws {
            let seen = seen
            feed = try AMQPFeed(settings: try AMQPSettings(others: broker.url, user: nil), queue: queue, name: "test", logger: .quiet) { messages in
                seen.change { $0 += messages }
                var verdicts: [FeedVerdict] = []
                for message in messages { verdicts.append(await judge(message)) }
                return verdicts
            }
            task = Task { [feed] in try await feed.run() }
        }

        func texts(_ count: Int) async -> [String] {
            await seen.wait { $0.count >= count }
            return seen.value.map { String(decoding: $0.body, as: UTF8.self) }
        }

        func stop() async {
            task.cancel()
            _ = await task.result
        }
    }

    private func names() -> (exchange: String, queue: String) {
        let id = UUID().uuidString.lowercased()
        return ("exchange/other-\(id)/v1", "queue/ann/\(id)")
    }

    /// Makes the exchange too; what is published before a queue is bound is read by nobody.
    private func publish(_ bodies: [String], to exchange: String, on broker: PrivateRabbitMQ) async throws {
        try await ForeignPublisher(url: broker.url, in: directory.path).publish(
            bodies.enumerated().map { .init(exchange: exchange, key: "a.b", body: $1, id: "m-\($0)", headers: ["kind": "push"]) })
    }

    private func depth(_ queue: String, on broker: PrivateRabbitMQ) async throws -> Int? {
        let lines = try await broker.ctl("list_queues", "name", "messages", "--silent").split(separator: "\n")
        return lines.lazy.map { $0.split(separator: "\t") }.first { $0.first == Substring(queue) }.flatMap { Int($0[1]) }
    }

    @Test("Messages come in their order with their properties, and are forgotten by the broker once they are done")
    func order() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let (exchange, queue) = names()
        try await publish(["makes the exchange, and is read by nobody"], to: exchange, on: broker)
        let reader = try Reader(FeedQueue(exchange: exchange, keys: ["a.#"], queue: queue, deadLetters: nil), on: broker)
        #expect(await eventually { reader.feed.status.isConnected })
        try await publish((0..<250).map(String.init), to: exchange, on: broker)
        #expect(await reader.texts(250) == (0..<250).map(String.init))
        let first = reader.seen.value[0]
        #expect(first.exchange == exchange && first.routingKey == "a.b" && first.id == "m-0" && first.headers == ["kind": "push"] && first.isWhole)
        #expect(await eventually { reader.feed.status.done == 250 })
        await reader.stop()
        #expect(try await depth(queue, on: broker) == 0)
    }

    @Test("What was not judged before the end of its reader is delivered to the next")
    func takenOver() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let (exchange, queue) = names()
        try await publish(["x"], to: exchange, on: broker)
        let wanted = FeedQueue(exchange: exchange, keys: ["#"], queue: queue, deadLetters: nil)
        let hanging = try Reader(wanted, on: broker) { _ in
            try? await Task.sleep(for: .seconds(600))
            return .done
        }
        #expect(await eventually { hanging.feed.status.isConnected })
        let second = try Reader(wanted, on: broker)
        #expect(await eventually { second.feed.status.isConnected })
        try await publish(["1", "2"], to: exchange, on: broker)
        // One process at a time reads, so that the order is kept.
        #expect(await hanging.texts(1).first == "1")
        #expect(second.seen.value.isEmpty)
        await hanging.stop()
        #expect(await second.texts(2) == ["1", "2"])
        await second.stop()
    }

    @Test("Messages that nobody judged are delivered again")
    func unjudged() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let (exchange, queue) = names()
        try await publish(["x"], to: exchange, on: broker)
        let seen = Watched<[String]>([])
        let feed = try AMQPFeed(
            settings: try AMQPSettings(others: broker.url, user: nil),
            queue: FeedQueue(exchange: exchange, keys: ["#"], queue: queue, deadLetters: nil), name: "test", logger: .quiet
        ) { messages in
            let isFirst = seen.change { seen in
                defer { seen += messages.map { String(decoding: $0.body, as: UTF8.self) } }
                return seen.isEmpty
            }
            return isFirst ? [] : messages.map { _ in .done }
        }
        let running = Task { try await feed.run() }
        #expect(await eventually { feed.status.isConnected })
        try await publish(["once"], to: exchange, on: broker)
        await seen.wait { $0.count >= 2 }
        #expect(await eventually { feed.status.done == 1 })
        #expect(seen.value == ["once", "once"])
        running.cancel()
        _ = await running.result
    }

    @Test("A message that makes no sense is moved aside with the reason and all it had; the others go on")
    func poison() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let (exchange, queue) = names()
        try await publish(["x"], to: exchange, on: broker)
        let reader = try Reader(FeedQueue(exchange: exchange, keys: ["#"], queue: queue, deadLetters: queue + "/dead"), on: broker) { message in
            String(decoding: message.body, as: UTF8.self) == "bad" ? .poison("it is bad") : .done
        }
        #expect(await eventually { reader.feed.status.isConnected })
        try await publish(["good", "bad", "better"], to: exchange, on: broker)
        _ = await reader.texts(3)
        #expect(await eventually { reader.feed.status.done == 2 && reader.feed.status.poisoned == 1 })
        await reader.stop()
        #expect(try await depth(queue, on: broker) == 0)
        let dead = try await ForeignConsumer(
            url: broker.url, exchange: "", queue: queue + "/dead", arguments: ["x-queue-type": "quorum"], in: directory.path)
        let message = try await dead.messages(1)[0]
        #expect(message.body == "bad" && message.messageID == "m-1" && message.headers["kind"] == .text("push"))
        #expect(message.headers["x-doorbell-reason"] == .text("it is bad") && message.headers["x-doorbell-source"] == .text("test"))
        #expect(message.headers["x-doorbell-exchange"] == .text(exchange) && message.headers["x-doorbell-routing-key"] == .text("a.b"))
    }

    @Test("An exchange that is not there is said, and found when it is made")
    func noExchange() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let (exchange, queue) = names()
        let reader = try Reader(FeedQueue(exchange: exchange, keys: ["#"], queue: queue, deadLetters: nil), on: broker)
        #expect(await eventually { reader.feed.status.trouble?.contains("there is no exchange \(exchange)") == true })
        // The reader may bind before or after this one.
        try await publish(["makes the exchange"], to: exchange, on: broker)
        #expect(await eventually { reader.feed.status.isConnected })
        #expect(reader.feed.status.trouble == nil)
        try await publish(["here"], to: exchange, on: broker)
        await reader.seen.wait { $0.contains { $0.body == Array("here".utf8) } }
        #expect(await reader.texts(1).last == "here")
        await reader.stop()
    }

    @Test("A queue that somebody deletes is made and bound again, or asked for where others make it", arguments: [false, true])
    func deletedQueue(isPassive: Bool) async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let (exchange, queue) = names()
        try await publish(["x"], to: exchange, on: broker)
        if isPassive {
            _ = try await ForeignConsumer(url: broker.url, exchange: exchange, queue: queue, consumes: false, in: directory.path)
        }
        let reader = try Reader(FeedQueue(exchange: exchange, keys: ["#"], queue: queue, isPassive: isPassive, deadLetters: nil), on: broker)
        #expect(await eventually { reader.feed.status.isConnected })
        _ = try await broker.ctl("delete_queue", queue)
        if isPassive {
            #expect(await eventually { reader.feed.status.trouble?.contains("the queue is not there") == true })
            _ = try await ForeignConsumer(url: broker.url, exchange: exchange, queue: queue, consumes: false, in: directory.path)
        }
        #expect(await eventually { await (try? depth(queue, on: broker)) != nil && reader.feed.status.isConnected })
        try await publish(["again"], to: exchange, on: broker)
        #expect(await reader.texts(1) == ["again"])
        await reader.stop()
    }

    @Test("A password that is wrong ends the feed with a reason that does not show it")
    func wrongPassword() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let port = broker.port
        let feed = try AMQPFeed(
            settings: try AMQPSettings(others: "amqp://127.0.0.1:\(port)/", user: ("nobody", "s3cret")),
            queue: FeedQueue(exchange: nil, keys: [], queue: "q", deadLetters: nil), name: "test", logger: .quiet
        ) { $0.map { _ in .done } }
        let error = await #expect(throws: BrokerError.self) { try await feed.run() }
        #expect(error?.description.contains("nobody@127.0.0.1") == true && error?.description.contains("s3cret") == false)
    }

    private func eventually(_ condition: () async -> Bool) async -> Bool {
        for _ in 0..<1200 {
            if await condition() { return true }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }
}
