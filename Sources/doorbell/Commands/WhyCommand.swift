import ArgumentParser

/// `doorbell why REQUEST`: why it waits, or what became of it.
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "why", abstract: "Say why a request waits, or what became of it.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The request's number.") var request: Int64

    func run() async throws {
        try await client.client().show("/api/v1/requests/\(request)/why", json: client.json) { why in
            why["reasons"].items.map { $0["text"].text + "\n" }.joined()
        }
    }
}
