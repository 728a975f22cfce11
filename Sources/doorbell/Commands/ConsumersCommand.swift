import ArgumentParser
import Domain
import Foundation
import Runtime

/// `doorbell consumers`: who reads events from a queue of their own, and how far behind they are.
struct ConsumersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consumers", abstract: "List who reads events from queues of their own, and how far behind they are.",
        discussion: """
            Those that the configuration names in `consumers`. Works on the database and the broker themselves (DOORBELL_DATABASE_URL, DOORBELL_AMQP_URL). \
            BEHIND is how long ago the oldest event that waits happened.
            """)
    @Flag(help: "JSON for programs.") var json = false

    func run() async throws {
        let settings = try Failures.settings(dataDirectory: nil, listen: nil)
        let standings = try await Failures.translating { try await ConsumerReport(settings).run() }
        StandardOutput.write(json ? try document(standings) : table(standings))
    }

    private func table(_ standings: [ConsumerReport.Standing]) -> String {
        var table = Table("CONSUMER", "QUEUE", "WAITING", "BEHIND", "READERS", "DEAD", "STATE")
        for standing in standings {
            let behind = standing.behind.map { (standing.isBehindMore ? "over " : "") + Phrases.duration($0) }
            let counts = [standing.waiting, standing.readers, standing.deadLetters].map { $0.map(String.init) ?? "" }
            table.rows.append([standing.consumer.name, standing.consumer.queue, counts[0], behind ?? "", counts[1], counts[2], standing.state])
        }
        return table.rows.isEmpty ? "the configuration names no consumers\n" : table.render()
    }

    private func document(_ standings: [ConsumerReport.Standing]) throws -> String {
        struct Item: Encodable {
            var name, queue: String
            var keys: [String]
            var waiting, readers: Int?
            var behindMs: Int64?
            var isBehindAtLeast: Bool?
            var deadLettersQueue: String?
            var deadLetters: Int?
            var state: String

            enum CodingKeys: String, CodingKey {
                case name, queue, keys, waiting, readers, state
                case behindMs = "behind_ms"
                case isBehindAtLeast = "behind_at_least"
                case deadLettersQueue = "dead_letters_queue"
                case deadLetters = "dead_letters"
            }
        }
        struct Page: Encodable { var items: [Item] }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let items = standings.map { standing in
            Item(
                name: standing.consumer.name, queue: standing.consumer.queue, keys: standing.consumer.keys, waiting: standing.waiting,
                readers: standing.readers, behindMs: standing.behind.map { $0.microseconds / 1000 },
                isBehindAtLeast: standing.isBehindMore ? true : nil, deadLettersQueue: standing.consumer.deadLetters,
                deadLetters: standing.deadLetters, state: standing.state)
        }
        return String(decoding: try encoder.encode(Page(items: items)), as: UTF8.self) + "\n"
    }
}
