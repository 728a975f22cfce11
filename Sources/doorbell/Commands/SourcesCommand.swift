import ArgumentParser
import Domain

/// `doorbell sources`: where changes come from and how that stands, and `poll` for one of them.
struct SourcesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sources", abstract: "List where changes come from, and how that stands; poll one now.", subcommands: [List.self, Poll.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List every source of the configuration.")
        @OptionGroup var client: ClientOptions

        func run() async throws {
            try await client.client().show("/api/v1/sources", json: client.json) { page in
                var table = Table("SOURCE", "KIND", "FROM", "GROUP", "STATE", "SINCE")
                for source in page["items"].items {
                    let from =
                        ["git", "mercurial", "hook", "exchange", "queue", "directory", "json"].lazy.map { source[$0].text }.first { !$0.isEmpty }
                        ?? ""
                    let isKnown = !source["since"].text.isEmpty
                    let state = !isKnown ? "no contact yet" : source["healthy"].isTrue ? "it is read" : source["message"].text
                    table.rows.append([
                        source["name"].text, source["kind"].text, from, source["group"].text,
                        source["kind"].text == "hook" && source["healthy"].isAbsent ? "called by it" : state, source["since"].text,
                    ])
                }
                return table.rows.isEmpty ? "the configuration has no source\n" : table.render()
            }
        }
    }

    struct Poll: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Look at a source now, without waiting for its beat.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "The source's name.") var name: String

        func run() async throws {
            try await client.client().ask("/api/v1/sources/\(APIClient.escape(name))/poll", body: [String: String](), json: client.json) { _ in
                "source \(name) is polled\n"
            }
        }
    }
}
