import ArgumentParser

/// `doorbell why`: why a request waits, or what each scheduler made of a change.
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say why a request waits, or why a change was built or not.", subcommands: [OfRequest.self, OfChange.self],
        defaultSubcommand: OfRequest.self)

    struct OfRequest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "request", abstract: "Say why a request waits, or what became of it.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "The request's number.") var request: Int64

        func run() async throws {
            try await client.client().show("/api/v1/requests/\(request)/why", json: client.json) { why in
                why["reasons"].items.map { $0["text"].text + "\n" }.joined()
            }
        }
    }

    struct OfChange: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "change", abstract: "Say what each scheduler made of a change, and why.")
        @OptionGroup var client: ClientOptions
        @Argument(help: "The change's number.") var change: Int64

        func run() async throws {
            try await client.client().show("/api/v1/changes/\(change)/why", json: client.json) { why in
                var table = Table("SCHEDULER", "VERDICT", "WHY")
                for scheduler in why["schedulers"].items {
                    table.rows.append([
                        scheduler["scheduler"].text, scheduler["verdict"].text.replacing("_", with: " "), scheduler["text"].text,
                    ])
                }
                let note = why["note"].text
                let tellers = why["told_by"].items.map(\.text)
                let told = tellers.isEmpty ? "" : "told by \(tellers.joined(separator: ", then by ")): one change\n"
                return told + (table.rows.isEmpty ? "the configuration has no scheduler\n" : table.render()) + (note.isEmpty ? "" : "(\(note))\n")
            }
        }
    }
}
