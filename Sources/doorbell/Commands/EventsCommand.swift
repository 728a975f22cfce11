import ArgumentParser

/// `doorbell events`: lists them, unless told otherwise.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Print the events that are kept, or publish them once more.",
        discussion: "Without a subcommand it lists: `doorbell events -f` follows.",
        subcommands: [EventsListCommand.self, EventsTailCommand.self, EventsExplainCommand.self, EventsReplayCommand.self],
        defaultSubcommand: EventsListCommand.self)
}

/// `doorbell events list`: what happened, as it happens with -f.
struct EventsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print the events that are kept, the oldest first; -f goes on with new ones.",
        discussion: "The last column is a cursor: --since goes on behind it, without a gap.")

    @OptionGroup var client: ClientOptions
    @Flag(name: .shortAndLong, help: "Go on with new events.") var follow = false
    @Option(help: "Only events whose routing key matches, such as 'build.finished.#'; may be repeated.") var key: [String] = []
    @Option(help: "Start behind this cursor. With -f alone, it starts now.") var since: String?

    func run() async throws {
        try await EventPrinter(client: client).print(keys: key, since: since ?? (follow ? nil : "0"), follow: follow)
    }
}
