import Domain
import Foundation
import Logging
import ProcessSupport
import ServerSupport
import Signals
import SignalsAMQP
import Storage
import StoreConformance
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Relay
@testable import StoragePostgres

/// Events in the words of CDEvents.
@Suite struct CDEventTests {
    private static let top: String = {
        var path = #filePath
        for _ in 0..<3 { path = (path as NSString).deletingLastPathComponent }
        return path
    }()
    /// The schemas that the specification publishes; they do not lie in this repository.
    private static let official = top + "/../shared/data/cdevents-0.5.1/schemas"
    private static var hasOfficial: Bool { FileManager.default.fileExists(atPath: official) }
    private static let python = top + "/.build/tools/bin/python3"
    private static let deployment = "11111111-2222-4333-8444-555555555555"

    /// Validates each document that is named, against the official schema of its type; prints what does not fit, and the types that have one.
    private static let judge = """
        import glob, json, os, sys
        from jsonschema import Draft202012Validator, FormatChecker
        from referencing import Registry, Resource
        folder = sys.argv[1]
        load = lambda path: json.load(open(path, encoding="utf-8"))
        all = [load(path) for path in glob.glob(folder + "/*.json") + glob.glob(folder + "/links/*.json")]
        registry = Registry().with_resources([(schema["$id"], Resource.from_contents(schema)) for schema in all])
        by_type = {type: schema for schema in all if "properties" in schema and "context" in schema["properties"]
                   for type in schema["properties"]["context"]["properties"]["type"]["enum"]}
        def problems(document):
            schema = by_type.get(document["context"]["type"])
            if schema is None:
                return None
            return [error.message for error in Draft202012Validator(schema, registry=registry, format_checker=FormatChecker()).iter_errors(document)]
        """

    /// The golden example of an event, as the outbox holds it.
    private func record(_ kind: EventKind, change: (inout [String: JSONValue]) -> Void = { _ in }) throws -> EventRecord {
        let file = Self.top + "/schemas/events/v1/examples/\(kind.rawValue).json"
        let envelope = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: URL(fileURLWithPath: file))).fields
        var data = envelope["data"]?.fields ?? [:]
        change(&data)
        let entity = envelope["entity"]?.fields ?? [:]
        func text(_ value: JSONValue?) throws -> String { String(decoding: try JSONEncoder().encode(value ?? .object([:])), as: UTF8.self) }
        return EventRecord(
            cursor: Machines.cursor(1), messageID: "2f1c8c52-7a61-4f52-9a37-000000000001", kind: kind,
            entity: try JSONDecoder().decode(EntityKind.self, from: Data(try text(entity["kind"]).utf8)), entityID: 17, entityVersion: 3,
            routingKey: "\(kind.rawValue).demo.main.test.w1.success.17", occurred: Timestamp(microseconds: 1_700_000_000_123_456),
            chain: try text(envelope["chain"]), data: try text(.object(data)))
    }

    private func document(_ record: EventRecord) throws -> (message: OutgoingEvent, document: [String: JSONValue]) {
        let message = try CDEventMessage(deployment: Self.deployment).message(record)
        return (message, try JSONDecoder().decode(JSONValue.self, from: Data(message.body)).fields)
    }

    @Test(
        "Each event of ours is one of theirs",
        arguments: [
            (EventKind.changeReceived, "dev.cdevents.change.merged.0.3.0", "change/17"),
            (.buildsetCreated, "dev.cdevents.pipelinerun.queued.0.3.0", "buildset/17"),
            (.buildsetFinished, "dev.cdevents.pipelinerun.finished.0.3.0", "buildset/17"),
            (.buildAssigned, "dev.cdevents.build.queued.0.3.0", "build/17"), (.buildStarted, "dev.cdevents.build.started.0.3.0", "build/17"),
            (.buildFinished, "dev.cdevents.build.finished.0.3.0", "build/17"),
            (.stepStarted, "dev.cdevents.taskrun.started.0.3.0", "build/17/step/2"),
            (.stepFinished, "dev.cdevents.taskrun.finished.0.3.0", "build/17/step/2"),
            (.requestCreated, "dev.cdeventsx.doorbell-request.created.0.1.0", "request/17"),
            (.workerLost, "dev.cdeventsx.doorbell-worker.lost.0.1.0", "session/17"),
        ])
    func types(kind: EventKind, type: String, subject: String) throws {
        let record = try record(kind) { data in if data["number"] != nil { data["number"] = 2 } }
        let (message, document) = try document(record)
        let context = document["context"]?.fields ?? [:]
        #expect(context["type"] == .string(type) && message.type == type)
        #expect(document["subject"]?.fields["id"] == .string(subject))
        #expect(context["id"] == .string(record.messageID + "-cd") && message.messageID == record.messageID + "-cd")
        #expect(context["source"] == .string("urn:uuid:\(Self.deployment)") && message.correlationID != nil)
        #expect(document["customData"] == (try JSONDecoder().decode(JSONValue.self, from: Data(record.data.utf8))))
        let words = message.routingKey.split(separator: ".")
        #expect(words.count == 8 && words.suffix(6) == ["demo", "main", "test", "w1", "success", "17"])
        #expect(message.exchange == .cdevents)
    }

    @Test("A pull request that comes is not merged yet")
    func pull() throws {
        let (message, _) = try document(try record(.changeReceived) { $0["category"] = "pull" })
        #expect(message.type == "dev.cdevents.change.updated.0.3.0" && message.routingKey.hasPrefix("change.updated.demo."))
    }

    @Test("How something ended is said in their words", arguments: Outcome.allCases)
    func outcomes(outcome: Outcome) throws {
        let words: [Outcome: JSONValue] = [
            .success: "success", .warnings: "success", .failure: "failure", .exception: "error", .cancelled: "cancel", .skipped: "cancel",
        ]
        let (_, document) = try document(try record(.buildsetFinished) { $0["outcome"] = .string(outcome.rawValue) })
        #expect(document["subject"]?.fields["content"]?.fields["outcome"] == words[outcome])
    }

    private final class Publisher: EventPublisher {
        let got = Mutex<[OutgoingEvent]>([])
        let answer: @Sendable ([OutgoingEvent]) async throws -> [PublishOutcome]

        init(_ answer: @escaping @Sendable ([OutgoingEvent]) async throws -> [PublishOutcome]) { self.answer = answer }

        func publish(_ batch: [OutgoingEvent]) async throws -> [PublishOutcome] {
            got.withLock { $0 += batch }
            return try await answer(batch)
        }
    }

    @Test("An event that cannot be told so is counted, and those beside it are told")
    func failures() async throws {
        var bad = try record(.buildStarted)
        bad.data = "no JSON"
        let publisher = Publisher { $0.map { _ in .confirmed } }
        let projector = Projector(deployment: "d", publisher: publisher, clock: ManualClock(), logger: Logger(label: "test"))
        await projector.publish([bad, try record(.buildStarted)])
        #expect(publisher.got.withLock { $0.count } == 1)
        #expect(projector.counts == (1, 1))
    }

    @Test("What the broker breaks off is let go: nothing is tried for half a minute, and then again")
    func pause() async throws {
        let clock = ManualClock()
        let publisher = Publisher { batch in
            if batch.first?.type.contains("started") ?? false { throw PublishInterrupted(reason: "the exchange may not be written to") }
            return batch.map { _ in .confirmed }
        }
        let projector = Projector(deployment: "d", publisher: publisher, clock: clock, logger: Logger(label: "test"))
        await projector.publish([try record(.buildStarted)])
        for _ in 1...2 { await projector.publish([try record(.buildFinished)]) }
        #expect(publisher.got.withLock { $0.count } == 1 && projector.counts == (0, 3))
        clock.advance(by: .seconds(31))
        await projector.publish([try record(.buildFinished)])
        #expect(publisher.got.withLock { $0.count } == 2 && projector.counts == (1, 3))
    }

    @Test("A broker that refuses every one of them holds none of our own events up", .timeLimit(.minutes(2)))
    func refused() async throws {
        let store = try await PostgresStore.open(
            try PostgresAddress(try await PrivatePostgres.shared().newDatabase()), connections: 4, migrating: true)
        let own = Publisher { $0.map { _ in .confirmed } }
        let projections = Publisher { _ in throw PublishInterrupted(reason: "403") }
        let bell = LocalBell()
        let relay = RelayService(
            store: store, deployment: store.deployment, bell: bell, publisher: own, projections: projections, name: "relay",
            logger: Logger(label: "test"))
        let running = Task {
            await withTaskGroup(of: Void.self) { group in for loop in relay.loops { group.addTask { try? await loop.run() } } }
        }
        for number in 1...3 {
            _ = try await store.accept([Samples.change("\(number)")], advancing: nil)
            bell.ring(.relay)
            while own.got.withLock({ $0.count }) < number { try await Task.sleep(for: .milliseconds(5)) }
        }
        while try await relay.lag().events > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(own.got.withLock { $0.count } == 3)
        #expect(relay.statistics.projectionsLost == 3 && relay.statistics.projected == 0)
        running.cancel()
        await running.value
        try await store.close()
    }

    @Test(
        "All of them are what the specification's own schemas ask for", .enabled(if: hasOfficial, "the official schemas are not beside this project"))
    func official() async throws {
        let directory = TemporaryDirectory()
        for kind in EventKind.allCases {
            let (message, _) = try document(try record(kind))
            try Data(message.body).write(to: URL(fileURLWithPath: directory.file("\(kind.rawValue).json")))
        }
        let script =
            Self.judge + """

                judged = 0
                for path in sorted(glob.glob(sys.argv[2] + "/*.json")):
                    found = problems(load(path))
                    judged += found is not None
                    if found:
                        print(os.path.basename(path), found)
                print("judged", judged)
                """
        let process = try RunningProcess(
            Self.python, ["-c", script, Self.official, directory.path], in: directory.path, logs: directory.path, name: "judge")
        #expect(await process.status() == 0, "\(process.errorOutput)")
        #expect(process.output == "judged 8\n")
    }

    /// Reads both exchanges with the SDK of CloudEvents: "ready", then a line for each message.
    private static let reader =
        judge + """

            import pika
            from cloudevents.core.bindings.amqp import AMQPMessage, from_amqp
            from cloudevents.core.formats.json import JSONFormat
            channel = pika.BlockingConnection(pika.URLParameters(os.environ["URL"])).channel()
            queue = channel.queue_declare("", exclusive=True).method.queue
            for name in ["events", "cdevents"]:
                exchange = "exchange/%s/v1/%s" % (os.environ["PREFIX"], name)
                channel.exchange_declare(exchange, "topic", durable=True, arguments={
                    "alternate-exchange": "exchange/%s/v1/unrouted" % os.environ["PREFIX"]} if name == "events" else None)
                channel.queue_bind(queue, exchange, "#")
            print("ready", flush=True)
            for method, properties, body in channel.consume(queue, auto_ack=True):
                event = from_amqp(AMQPMessage(
                    properties={"content-type": properties.content_type}, application_properties=properties.headers, application_data=body), JSONFormat())
                data = event.get_data()
                assert event.get_id() == properties.message_id and event.get_specversion() == "1.0", properties
                assert event.get_type() == properties.type and event.get_datacontenttype() == "application/json", properties
                assert event.get_time().year >= 2020 and event.get_dataschema().startswith("https://"), properties
                if method.exchange.endswith("/cdevents"):
                    assert data["context"]["id"] == event.get_id() and data["subject"]["id"] == event.get_subject(), data
                    assert not problems(data), problems(data)
                else:
                    assert data["id"] == event.get_id() and event.get_subject() == "%s/%s" % (data["entity"]["kind"], data["entity"]["id"]), data
                print(event.get_type(), flush=True)
            """

    @Test(
        "A relay that is asked publishes both, and the SDK of CloudEvents reads both",
        .enabled(if: hasOfficial, "the official schemas are not beside this project"), .timeLimit(.minutes(3)))
    func broker() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let prefix = "cdevents-\(UUID().uuidString.lowercased().prefix(8))"
        let store = try await PostgresStore.open(
            try PostgresAddress(try await PrivatePostgres.shared().newDatabase()), connections: 4, migrating: true)
        let bell = LocalBell()
        let publisher = try AMQPEventPublisher(
            settings: try AMQPSettings(url: broker.url, prefix: prefix))
        let projections = try AMQPEventPublisher(settings: try AMQPSettings(url: broker.url, prefix: prefix), exchanges: [.cdevents])
        let relay = RelayService(
            store: store, deployment: store.deployment, bell: bell, publisher: publisher, projections: projections, name: "relay",
            logger: Logger(label: "test"))
        let directory = TemporaryDirectory()
        let reader = try RunningProcess(
            Self.python, ["-c", Self.reader, Self.official], in: directory.path, environment: ["URL": broker.url, "PREFIX": prefix],
            logs: directory.path, name: "reader")
        defer { reader.send(SIGKILL) }
        while !reader.output.hasPrefix("ready") {
            try #require(!reader.hasEnded, "\(reader.errorOutput)")
            try await Task.sleep(for: .milliseconds(20))
        }
        let running = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await publisher.run() }
                group.addTask { try? await projections.run() }
                for loop in relay.loops { group.addTask { try? await loop.run() } }
            }
        }
        _ = try await store.accept((1...2).map { Samples.change("\($0)") }, advancing: nil)
        bell.ring(.relay)
        while reader.output.split(separator: "\n").count < 5 {
            try #require(!reader.hasEnded, "\(reader.errorOutput)")
            try await Task.sleep(for: .milliseconds(20))
        }
        let types = reader.output.split(separator: "\n").dropFirst().map(String.init)
        #expect(types.sorted() == Array(repeating: "change.received.v1", count: 2) + Array(repeating: "dev.cdevents.change.merged.0.3.0", count: 2))
        #expect(relay.statistics.projected == 2 && relay.statistics.projectionsLost == 0)
        running.cancel()
        await running.value
        try await store.close()
    }
}

extension JSONValue {
    /// Of an object; none of anything else.
    fileprivate var fields: [String: JSONValue] { if case .object(let fields) = self { fields } else { [:] } }
}
