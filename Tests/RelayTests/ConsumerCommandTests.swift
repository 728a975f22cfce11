import Domain
import Foundation
import ProcessSupport
import ServerSupport
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

/// `doorbell consumers`, with a real database and a real broker.
@Suite(.timeLimit(.minutes(3))) struct ConsumerCommandTests {
    private struct Page: Decodable {
        struct Item: Decodable, Equatable {
            var name, queue, state: String
            var keys: [String]
            var waiting, readers: Int?
            var behindMs: Int64?
            var behindAtLeast: Bool?
            var deadLettersQueue: String?
            var deadLetters: Int?
        }
        var items: [Item]
    }

    private let directory = TemporaryDirectory()

    private func run(_ arguments: [String], _ environment: [String: String]) async throws -> (status: Int32?, output: String, errors: String) {
        let process = try RunningProcess(
            Binaries.doorbell, arguments, in: directory.path, environment: environment, logs: directory.path, name: UUID().uuidString)
        return (await process.status(), process.output, process.errorOutput)
    }

    @Test("Each consumer's queue is told with what waits, since when, who reads it and what was set aside; no message is touched")
    func consumers() async throws {
        let url = try await PrivatePostgres.shared().newDatabase()
        let name = "consumer-\(UUID().uuidString.lowercased().prefix(8))"
        let start = Timestamp(seconds: Date().timeIntervalSince1970 - 3600)
        let clock = ManualStoreClock(start)
        let store = try await PostgresStore.open(try PostgresAddress(url), connections: 2, migrating: true, clock: clock)
        // An hour ago, 40 minutes ago, 20 minutes ago.
        for change in 1...3 {
            _ = try await store.accept([Samples.change("\(change)")], advancing: nil)
            _ = try await store.tick(shard: 0)
            clock.advance(by: .seconds(1200))
        }
        let configuration = Configuration(
            project: "demo",
            consumers: [
                EventConsumer(name: "late", queue: "\(name)-late", keys: ["change.received.#"], deadLetters: "\(name)-dead"),
                EventConsumer(name: "idle", queue: "\(name)-idle", keys: ["build.#"]),
                EventConsumer(name: "strange", queue: "\(name)-strange", keys: ["build.finished.#"]),
                EventConsumer(name: "gone", queue: "\(name)-gone", deadLetters: "\(name)-gone/dead"),
            ])
        _ = try await store.apply(configuration, digest: Samples.digest(1))
        try await store.close()

        let broker = try await PrivateRabbitMQ.shared()
        let environment = ["DOORBELL_DATABASE_URL": url, "DOORBELL_AMQP_URL": broker.url, "DOORBELL_AMQP_PREFIX": name]
        for queue in ["late", "dead", "idle", "strange"] {
            try await broker.ctl(
                "eval", "rabbit_amqqueue:declare(rabbit_misc:r(<<\"/\">>, queue, <<\"\(name)-\(queue)\">>), true, false, [], none, <<\"test\">>).")
        }
        for (since, queue) in [("45m", "late"), ("25m", "dead"), ("2h", "strange")] {
            let filled = try await run(["events", "replay", "--since", since, "--queue", "\(name)-\(queue)"], environment)
            #expect(filled.status == 0, "\(filled.errors)")
        }

        let listed = try await run(["consumers", "--json"], environment)
        #expect(listed.status == 0, "\(listed.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let items = try decoder.decode(Page.self, from: Data(listed.output.utf8)).items
        #expect(items.map(\.name) == ["late", "idle", "strange", "gone"])
        let late = items[0]
        // The events of 40 and 20 minutes ago, and of the configuration.
        #expect(late.waiting == 3 && late.readers == 0 && late.deadLetters == 2 && late.deadLettersQueue == "\(name)-dead")
        #expect(late.state == "nobody reads it")
        // Three wait, and the newest three changes are those of an hour ago and later.
        #expect((3590...7200).contains((late.behindMs ?? 0) / 1000) && late.behindAtLeast == nil)
        #expect(items[1].waiting == 0 && items[1].behindMs == nil && items[1].deadLetters == nil)
        // No event that is kept goes there by its keys.
        #expect(items[2].waiting == 4 && items[2].behindAtLeast == true)
        #expect(items[3].waiting == nil && items[3].state == "there is no such queue; its queue of dead letters is not there")

        let table = try await run(["consumers"], environment)
        #expect(table.output.hasPrefix("CONSUMER"))
        #expect(table.output.contains("over 7d 0h"))
        let queues = try await broker.ctl("list_queues", "--quiet", "name", "messages", "consumers")
        #expect(queues.split(separator: "\n").contains("\(name)-late\t3\t0"))
    }

    @Test("Without a broker, and with an embedded database, it says what is missing")
    func missing() async throws {
        let embedded = try await run(["consumers"], ["DOORBELL_DATA_DIR": directory.file("data")])
        #expect(embedded.status == 78 && embedded.errors.contains("DOORBELL_DATABASE_URL"))
        let url = try await PrivatePostgres.shared().newDatabase()
        let unnamed = try await run(["consumers"], ["DOORBELL_DATABASE_URL": url])
        #expect(unnamed.status == 78 && unnamed.errors.contains("DOORBELL_AMQP_URL"))
    }
}
