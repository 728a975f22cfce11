import ArgumentParser
import Domain

/// `doorbell workers`: who can build, and `pause` and `resume` for one of them.
struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers", abstract: "List workers; pause or resume one.", subcommands: [List.self, Pause.self, Resume.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List every worker that ever connected.")
        @OptionGroup var client: ClientOptions

        func run() async throws {
            try await client.client().show("/api/v1/workers", json: client.json) { page in
                var table = Table("WORKER", "STATE", "SLOTS", "BUILDS", "LABELS", "VERSION")
                for worker in page["items"].items {
                    let state = worker["connected"].isTrue ? (worker["paused"].isTrue ? "paused" : "connected") : "away"
                    table.rows.append([
                        worker["name"].text, state, worker["slots"].text, worker["builds"].items.map(\.text).joined(separator: " "),
                        worker["labels"].fields.map { "\($0.name)=\($0.value.text)" }.joined(separator: " "), worker["version"].text,
                    ])
                }
                return table.rows.isEmpty ? "no worker has connected yet\n" : table.render()
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a worker nothing new; what it builds goes on.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "The worker's name.") var name: String

        func run() async throws {
            try await client.client().ask("/api/v1/workers/\(APIClient.escape(name))/pause", body: [String: String](), json: client.json) { _ in
                "worker \(name) is paused\n"
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a paused worker work again.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "The worker's name.") var name: String

        func run() async throws {
            try await client.client().ask("/api/v1/workers/\(APIClient.escape(name))/resume", body: [String: String](), json: client.json) { _ in
                "worker \(name) takes work again\n"
            }
        }
    }
}
