import Foundation
import ProcessSupport
import ServerSupport
import Signals
import TestSupport
import Testing

@testable import SignalsAMQP

/// `deploy/rabbitmq/definitions.json`, imported into a real broker: each user can do its work and nothing else.
@Suite(.timeLimit(.minutes(5))) struct BrokerUsersTests {
    private static let services = ["intake", "scheduler", "dispatcher", "relay", "web"].map { "doorbell_\($0)" }
    private static let users = services + ["doorbell_setup", "doorbell_replay", "dashboard"]

    private static let definitions: String = {
        var top = #filePath
        for _ in 0..<3 { top = (top as NSString).deletingLastPathComponent }
        return top + "/deploy/rabbitmq/definitions.json"
    }()

    /// One for all tests of this suite; every user's password is its name.
    private static let opened = Task {
        let broker = try await PrivateRabbitMQ.start()
        try await broker.ctl("import_definitions", definitions)
        for user in users { try await broker.ctl("change_password", user, user) }
        return broker
    }

    private func url(of user: String, at broker: PrivateRabbitMQ) -> String { "amqp://\(user):\(user)@127.0.0.1:\(broker.port)/doorbell" }

    private func settings(of user: String, at broker: PrivateRabbitMQ) throws -> AMQPSettings {
        try AMQPSettings(url: url(of: user, at: broker), declaration: "passive")
    }

    @Test("No user of the definitions can log in before somebody gave it a password", arguments: users)
    func noPasswordWorks(user: String) throws {
        struct Definitions: Decodable {
            struct User: Decodable {
                var name: String
                var passwordHash: String
                var tags: [String]

                private enum CodingKeys: String, CodingKey {
                    case name, tags
                    case passwordHash = "password_hash"
                }
            }
            var users: [User]
        }
        let file = try Data(contentsOf: URL(fileURLWithPath: Self.definitions))
        let found = try #require(try JSONDecoder().decode(Definitions.self, from: file).users.first { $0.name == user })
        // To the broker an empty hash is a user without a password, whom it lets in with none.
        #expect(found.passwordHash.isEmpty && found.tags.isEmpty)
    }

    @Test("The bell of every service rings and is heard by every other")
    func bells() async throws {
        let broker = try await Self.opened.value
        let bells = try Self.services.map { try AMQPBell(settings: settings(of: $0, at: broker), logger: .quiet) }
        try await withServices(bells) {
            for bell in bells { await bell.healthy() }
            for ringing in bells {
                let heard = Watched(0)
                let subscriptions = bells.filter { $0 !== ringing }.map { bell in bell.listen(to: .relay) { heard.change { $0 += 1 } } }
                ringing.ring(.relay)
                await heard.wait { $0 >= bells.count - 1 }
                for subscription in subscriptions { subscription.cancel() }
            }
        }
    }

    @Test("What the relay publishes is confirmed, and the example consumer reads its project's events from a queue of its own")
    func events() async throws {
        let broker = try await Self.opened.value
        let directory = TemporaryDirectory()
        let publisher = try AMQPEventPublisher(settings: settings(of: "doorbell_relay", at: broker), logger: .quiet)
        try await withServices([publisher]) {
            let consumer = try await ForeignConsumer(
                url: url(of: "dashboard", at: broker), exchange: "exchange/doorbell/v1/events", key: "*.*.demo.#", queue: "queue/dashboard/builds",
                in: directory.path)
            let events: [OutgoingEvent] = [
                .numbered(1, key: "build.finished.other.main.unit.w1.success.1"), .numbered(2, key: "build.finished.demo.main.unit.w1.success.2"),
            ]
            #expect(try await publisher.publish(events) == [.confirmed, .confirmed])
            #expect(try await consumer.messages(1).map(\.messageID) == ["2"])
        }
    }

    @Test("Log notices go from a dispatcher to the web")
    func logNotices() async throws {
        let broker = try await Self.opened.value
        // As their two sides do it: one publishes, the other declares, binds and reads a queue of its process.
        #expect(try await attempts("doorbell_dispatcher", broker, [["publish", Self.logs, "log"]]) == ["allowed"])
        #expect(try await attempts("doorbell_web", broker, [["bind", "queue/doorbell/v1/logs/x", Self.logs, "#"]]) == ["allowed"])
    }

    private static let events = "exchange/doorbell/v1/events"
    private static let logs = "exchange/doorbell/v1/logs"
    private static let wake = "exchange/doorbell/v1/wake"

    @Test("The setup user declares what there is, and neither publishes nor reads")
    func setup() async throws {
        let broker = try await Self.opened.value
        let found = try await attempts(
            "doorbell_setup", broker,
            [
                ["declare", "exchange/doorbell/v1/another"], ["declare", "exchange/elsewhere"], ["publish", Self.events, "a.b"],
                ["publish", Self.wake, "wake.relay"], ["queue", "queue/doorbell/v1/wake/x"],
            ])
        #expect(found == ["allowed"] + [String](repeating: "ACCESS_REFUSED", count: 4))
    }

    @Test("A replay publishes to queues, and does nothing else")
    func replay() async throws {
        let broker = try await Self.opened.value
        let found = try await attempts(
            "doorbell_replay", broker,
            [
                ["publish", "", "queue/dashboard/replayed"], ["publish", Self.events, "a.b"], ["publish", Self.wake, "wake.relay"],
                ["queue", "queue/elsewhere"],
            ])
        #expect(found == ["allowed"] + [String](repeating: "ACCESS_REFUSED", count: 3))
    }

    @Test("A service does nothing but its own work", arguments: services)
    func service(user: String) async throws {
        let broker = try await Self.opened.value
        // Of its own, for an exclusive queue is locked for the others who try at the same time.
        let queue = "queue/doorbell/v1/wake/\(user)"
        let may: [[String]] = [["publish", Self.wake, "wake.relay"], ["bind", queue, Self.wake, "wake.#"]]
        var mayNot: [[String]] = [
            ["publish", Self.wake, "other.relay"], ["bind", queue, Self.wake, "#"], ["declare", Self.events],
            ["declare", "exchange/doorbell/v1/another"], ["queue", "queue/elsewhere/\(user)"], ["bind", queue, Self.events, "#"],
        ]
        if user != "doorbell_relay" { mayNot.append(["publish", Self.events, "build.finished.demo.main.unit.w1.success.1"]) }
        if user != "doorbell_dispatcher" { mayNot.append(["publish", Self.logs, "log"]) }
        if user != "doorbell_web" { mayNot.append(["queue", "queue/doorbell/v1/logs/\(user)"]) }
        let found = try await attempts(user, broker, may + mayNot)
        for (attempt, result) in zip(may + mayNot, found) {
            #expect(result == (may.contains(attempt) ? "allowed" : "ACCESS_REFUSED"), "\(user) \(attempt)")
        }
        #expect(found.count == may.count + mayNot.count)
    }

    @Test("A consumer sees its project only, and disturbs nobody")
    func consumer() async throws {
        let broker = try await Self.opened.value
        let own = "queue/dashboard/x"
        let may: [[String]] = [["bind", own, Self.events, "build.*.demo.#"], ["declare", "exchange/dashboard/mine"]]
        let mayNot: [[String]] = [
            ["bind", own, Self.events, "#"], ["bind", own, Self.events, "*.*.*.#"], ["bind", own, Self.events, "*.*.other.#"],
            ["bind", own, Self.events, "#.demo.#"], ["bind", own, Self.wake, "wake.#"], ["bind", own, Self.logs, "#"],
            ["publish", Self.events, "build.finished.demo.main.unit.w1.success.1"], ["publish", Self.wake, "wake.relay"],
            ["queue", "queue/doorbell/v1/wake/x"], ["queue", "queue/other/x"],
        ]
        let found = try await attempts("dashboard", broker, may + mayNot)
        for (attempt, result) in zip(may + mayNot, found) {
            #expect(result == (may.contains(attempt) ? "allowed" : "ACCESS_REFUSED"), "\(attempt)")
        }
        #expect(found.count == may.count + mayNot.count)
    }

    /// Each on a channel of its own, which the broker closes when it refuses.
    private static let script = """
        import json, sys, pika
        connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
        results = []
        for what, name, *rest in json.loads(sys.argv[2]):
            channel = connection.channel()
            try:
                if what == "publish":
                    channel.confirm_delivery()
                    channel.basic_publish(name, rest[0], b"{}")
                elif what == "declare":
                    channel.exchange_declare(name, "topic", durable=True)
                else:
                    channel.queue_declare(name, exclusive=True)
                    if what == "bind":
                        channel.queue_bind(name, rest[0], rest[1])
                    channel.queue_delete(name)
                results.append("allowed")
            except pika.exceptions.ChannelClosedByBroker as error:
                results.append(error.reply_text.split(" ")[0])
                if what == "bind":
                    connection.channel().queue_delete(name)
        print(json.dumps(results))
        """

    /// What the broker says to each attempt of a user.
    private func attempts(_ user: String, _ broker: PrivateRabbitMQ, _ attempts: [[String]]) async throws -> [String] {
        let directory = TemporaryDirectory()
        let process = try RunningProcess(
            "/usr/bin/python3",
            ["-c", Self.script, url(of: user, at: broker), String(decoding: try JSONEncoder().encode(attempts), as: UTF8.self)],
            in: directory.path, logs: directory.path, name: "attempts")
        try #require(await process.status() == 0, "\(process.errorOutput)")
        return try JSONDecoder().decode([String].self, from: Data(process.output.utf8))
    }
}
