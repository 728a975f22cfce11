import Domain
import Foundation
import Logging
import ProcessSupport
import ServerSupport
import Signals
import SignalsAMQP
import TestSupport
import Testing

@testable import Relay
@testable import StoragePostgres

/// From the outbox of the real database through the real broker to a consumer in another language.
@Suite struct BrokerTests {
    private struct Delivery: Decodable {
        var messageID: String
        var type: String
        var kind: String
        var entity: Int64
        var version: Int64
        var headerVersion: Int64
        var headerID: String
        var deliveryMode: Int

        private enum CodingKeys: String, CodingKey {
            case type, kind, entity, version
            case messageID = "message_id"
            case headerVersion = "header_version"
            case headerID = "header_id"
            case deliveryMode = "delivery_mode"
        }
    }

    /// Says "ready" once its queue is bound, then a line for each delivery, up to the event whose key is the last one's.
    private static let consumer = """
        import json, os, pika, time
        connection = pika.BlockingConnection(pika.URLParameters(os.environ["URL"]))
        exchange = "exchange/%s/v1/events" % os.environ["PREFIX"]
        while True:
            channel = connection.channel()
            try:
                channel.exchange_declare(exchange, passive=True)
                break
            except pika.exceptions.ChannelClosedByBroker:
                time.sleep(0.1)
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, exchange, "#")
        print("ready", flush=True)
        for method, properties, body in channel.consume(queue, auto_ack=True):
            event = json.loads(body)
            assert event["id"] == properties.message_id and event["version"] == 1, event
            print(json.dumps({
                "message_id": properties.message_id, "type": properties.type, "kind": event["entity"]["kind"], "entity": event["entity"]["id"],
                "version": event["entity"]["version"], "header_version": properties.headers["cloudEvents_entityversion"],
                "header_id": properties.headers["cloudEvents_id"], "delivery_mode": properties.delivery_mode}), flush=True)
            if method.routing_key == "the.last":
                break
        """

    @Test("A consumer elsewhere gets every committed event, and of each entity every version in order", .timeLimit(.minutes(3)))
    func endToEnd() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let prefix = "relay-\(UUID().uuidString.lowercased().prefix(8))"
        let address = try PostgresAddress(try await PrivatePostgres.shared().newDatabase())
        let store = try await PostgresStore.open(address, connections: 4, migrating: true)
        let plan = FuzzPlan(seed: 7, writers: 4, transactions: 100, entities: 25, faults: 0)
        let pool = PostgresPool(address, size: plan.writers)
        try await FuzzWriter.prepare(pool, plan)

        let bell = LocalBell()
        let publisher = try AMQPEventPublisher(settings: try AMQPSettings(url: broker.url, prefix: prefix))
        let relay = RelayService(
            store: store, deployment: store.deployment, bell: bell, publisher: publisher, name: "relay", logger: Logger(label: "test"))
        let running = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await publisher.run() }
                for loop in relay.loops { group.addTask { try? await loop.run() } }
            }
        }
        let directory = TemporaryDirectory()
        let consumer = try RunningProcess(
            "/usr/bin/python3", ["-c", Self.consumer], in: directory.path, environment: ["URL": broker.url, "PREFIX": prefix], logs: directory.path,
            name: "consumer")
        while !consumer.output.hasPrefix("ready") {
            try #require(!consumer.hasEnded, "\(consumer.errorOutput)")
            try await Task.sleep(for: .milliseconds(20))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<plan.writers {
                let writer = FuzzWriter(pool: pool, plan: plan, number: number) { bell.ring(.relay) }
                group.addTask { try await writer.run() }
            }
            try await group.waitForAll()
        }
        try await FuzzWriter.writeLast(pool)
        bell.ring(.relay)
        #expect(await consumer.status(within: .seconds(120)) == 0, "\(consumer.errorOutput)")

        let deliveries = try consumer.output.split(separator: "\n").dropFirst().map {
            try JSONDecoder().decode(Delivery.self, from: Data($0.utf8))
        }
        let committed = try await FuzzWriter.committed(pool)
        let verdict = FuzzJudge.judge(
            committed: committed, delivered: deliveries.map { .init(id: $0.messageID, entity: $0.entity, version: $0.version) })
        #expect(verdict.isClean && verdict.repeats == 0, "\(verdict)")
        #expect(deliveries.allSatisfy { $0.headerVersion == $0.version && $0.headerID == $0.messageID && $0.type == "build.finished.v1" })
        #expect(deliveries.allSatisfy { $0.deliveryMode == 2 && $0.kind == "build" })
        running.cancel()
        await running.value
        await pool.close()
        try await store.close()
    }
}
