import Domain
import Foundation
import ProcessSupport
import ServerSupport
import Signals
import SignalsAMQP
import Storage
import StoreConformance
import Synchronization
import TestSupport
import Testing

@testable import Relay
@testable import StoragePostgres

/// What is kept can be published once more, to one queue.
@Suite struct ReplayTests {
    private final class Catcher: EventPublisher {
        let messages = Mutex<[OutgoingEvent]>([])
        let refuses: Bool

        init(refuses: Bool = false) { self.refuses = refuses }

        func publish(_ batch: [OutgoingEvent]) async throws -> [PublishOutcome] {
            messages.withLock { $0 += batch }
            return batch.map { _ in refuses ? .refused(reason: "full") : .confirmed }
        }
    }

    private func makeStore(_ names: [String]) async throws -> (PostgresStore, ManualStoreClock) {
        let clock = ManualStoreClock()
        let store = try await PostgresStore.open(
            try PostgresAddress(try await PrivatePostgres.shared().newDatabase()), connections: 2, migrating: true, clock: clock)
        for name in names {
            _ = try await store.accept([Samples.change(name)], advancing: nil)
            _ = try await store.tick(shard: 0)
            clock.advance(by: .seconds(60))
        }
        return (store, clock)
    }

    @Test("A replay from a cursor gives its queue what follows, with the ids that the messages had")
    func fromCursor() async throws {
        let (store, _) = try await makeStore(["1", "2", "3"])
        let records = try await store.everyEvent(isInvented: true)
        let catcher = Catcher()
        let replay = Replay(store: store, deployment: store.deployment, publisher: catcher)
        let report = try await replay.run(from: .cursor(records[0].cursor), to: "mine")
        #expect(report == .init(published: 2, refused: 0, end: records[2].cursor, reason: nil))
        #expect(catcher.messages.withLock { $0.map(\.messageID) } == records[1...].map(\.messageID))
        #expect(catcher.messages.withLock { $0.allSatisfy { $0.queue == "mine" } })
        try await store.close()
    }

    @Test("A replay from a time begins with the first event of then, and tells what the queue refused")
    func fromTime() async throws {
        let (store, clock) = try await makeStore(["1", "2", "3"])
        let catcher = Catcher(refuses: true)
        let replay = Replay(store: store, deployment: store.deployment, publisher: catcher)
        let report = try await replay.run(from: .time(clock.now().advanced(by: .seconds(-60))), to: "mine")
        #expect(report.refused == 1 && report.published == 0 && report.reason == "full")
        try await store.close()
    }

    @Test(
        "The command fills the queue that it names and tells where it ended; for a queue that is not there it says so and fails",
        .timeLimit(.minutes(3)))
    func command() async throws {
        let url = try await PrivatePostgres.shared().newDatabase()
        let store = try await PostgresStore.open(try PostgresAddress(url), connections: 2, migrating: true)
        _ = try await store.accept((1...3).map { Samples.change("\($0)") }, advancing: nil)
        let end = try await store.latestCursor()
        try await store.close()
        let broker = try await PrivateRabbitMQ.shared()
        let queue = "replay-\(UUID().uuidString.lowercased())"
        try await broker.ctl(
            "eval", "rabbit_amqqueue:declare(rabbit_misc:r(<<\"/\">>, queue, <<\"\(queue)\">>), true, false, [], none, <<\"test\">>).")
        let directory = TemporaryDirectory()
        func replay(_ queue: String) async throws -> (status: Int32?, output: String) {
            let process = try RunningProcess(
                Binaries.doorbell, ["events", "replay", "--since", "2h", "--queue", queue], in: directory.path,
                environment: ["DOORBELL_DATABASE_URL": url, "DOORBELL_AMQP_URL": broker.url, "DOORBELL_AMQP_PREFIX": queue], logs: directory.path,
                name: UUID().uuidString)
            return (await process.status(), process.output)
        }
        let filled = try await replay(queue)
        #expect(filled.status == 0)
        #expect(filled.output == "3 events published to \(queue), up to \(end)\n")
        let missing = try await replay("\(queue)-missing")
        #expect(missing.status == 1)
        #expect(missing.output.contains("3 were refused: there is no queue of that name"))
        let listed = try await broker.ctl("list_queues", "--quiet", "name", "messages")
        #expect(listed.split(separator: "\n").contains("\(queue)\t3"))
    }

    @Test("With a real broker the one queue gets it, and a queue that is not there refuses it", .timeLimit(.minutes(3)))
    func broker() async throws {
        let (store, _) = try await makeStore(["1", "2", "3"])
        let broker = try await PrivateRabbitMQ.shared()
        let publisher = try AMQPEventPublisher(
            settings: try AMQPSettings(url: broker.url, prefix: "replay-\(UUID().uuidString.lowercased().prefix(8))"))
        let running = Task { try? await publisher.run() }
        let replay = Replay(store: store, deployment: store.deployment, publisher: publisher)
        let start = Replay.Start.cursor(try await store.oldestCursor())
        let missing = try await replay.run(from: start, to: "nobody-\(UUID().uuidString.lowercased())")
        #expect(missing.refused == 3 && missing.published == 0)
        #expect(missing.reason == "there is no queue of that name")
        let queue = "replay-\(UUID().uuidString.lowercased())"
        try await broker.ctl(
            "eval", "rabbit_amqqueue:declare(rabbit_misc:r(<<\"/\">>, queue, <<\"\(queue)\">>), true, false, [], none, <<\"test\">>).")
        #expect(try await replay.run(from: start, to: queue).published == 3)
        let listed = try await broker.ctl("list_queues", "--quiet", "name", "messages")
        #expect(listed.split(separator: "\n").contains("\(queue)\t3"))
        running.cancel()
        await running.value
        try await store.close()
    }
}
