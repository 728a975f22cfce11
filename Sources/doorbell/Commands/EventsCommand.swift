import ArgumentParser
import Domain
import Foundation

/// `doorbell events`: lists them, unless told otherwise.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Print the events that are kept, or publish them once more.",
        discussion: "Without a subcommand it lists: `doorbell events -f` follows.", subcommands: [EventsListCommand.self, EventsReplayCommand.self],
        defaultSubcommand: EventsListCommand.self)
}

/// `doorbell events list`: what happened, as it happens with -f.
struct EventsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print the events that are kept, the oldest first; -f goes on with new ones.",
        discussion: "The last column is a cursor: --since goes on behind it, without a gap.")

    @OptionGroup var client: ClientOptions
    @Flag(name: .shortAndLong, help: "Go on with new events.") var follow = false
    @Option(help: "Only events whose routing key matches, such as 'build.finished.#'.") var key: String?
    @Option(help: "Start behind this cursor. With -f alone, it starts now.") var since: String?

    func run() async throws {
        let api = try client.client()
        var reader = EventReader()
        let query: [(String, String?)] = [
            ("key", key), ("since", since ?? (follow ? nil : "0")), ("follow", follow ? nil : "0"),
        ]
        let json = client.json
        try await api.stream("/api/v1/events", query: query, headers: ["Accept": "text/event-stream"]) { buffer in
            var isRead = true
            try reader.read(Array(buffer.readableBytesView)) { event in
                isRead = StandardOutput.write(Array((json ? event.data + "\n" : try Self.line(event)).utf8)) && isRead
            }
            return isRead
        }
    }

    private static func line(_ event: EventReader.Event) throws -> String {
        let document = try Document(Data(event.data.utf8))
        let data = document["data"]
        let words = ["project", "branch", "builder", "worker", "name", "outcome", "cause", "text"].compactMap { name in
            data[name].text.isEmpty ? nil : "\(name)=\(Table.printable(Phrases.firstLine(data[name].text)))"
        }
        let entity = document["entity"]
        let head = "\(document["time"].text)  \(event.name)  \(entity["kind"].text) \(entity["id"].text)"
        return Table.printable(head) + "  " + words.joined(separator: " ") + "  \(Table.printable(event.id))\n"
    }
}
