import ArgumentParser

/// `doorbell events tail`: what happens from now on.
struct EventsTailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "tail", abstract: "Print events as they happen, from now on.")

    @OptionGroup var client: ClientOptions
    @Option(help: "Only events whose routing key matches, such as 'build.finished.#'; may be repeated.") var key: [String] = []

    func run() async throws { try await EventPrinter(client: client).print(keys: key, since: nil, follow: true) }
}
