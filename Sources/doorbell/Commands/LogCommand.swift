import ArgumentParser
import Domain
import Foundation

/// `doorbell log BUILD`: what a build printed, byte for byte.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Print the logs of a build, step after step; -f follows them until the build ends.",
        discussion: "With --json it prints the list of logs with their sizes and digests instead.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The build's number.") var build: Int64
    @Option(help: "Only this log, by the name that `doorbell build` shows.") var name: String?
    @Flag(name: .shortAndLong, help: "Go on as the logs grow, until the build ends.") var follow = false

    func run() async throws {
        let api = try client.client()
        if client.json { return try await printList(api) }
        var printed = Set<String>()
        while true {
            // The cursor comes before the look: whatever happens after the look is behind it.
            let cursor = follow ? try await latestCursor(api) : nil
            let document = try Document(try await api.get("/api/v1/builds/\(build)"))
            let ended = document["phase"].text == "finished"
            var news = false
            for log in document["logs"].items.map({ $0["name"].text }) where name == nil || log == name {
                guard printed.insert(log).inserted else { continue }
                try await print(log, api: api, following: follow && !ended)
                news = true
            }
            if !follow || ended {
                if printed.isEmpty, let name {
                    throw CommandFailure(.data, "build \(build) has no log \(name): `doorbell build \(build)` lists them")
                }
                return
            }
            if !news, let cursor { try await waitForNews(api, since: cursor) }
        }
    }

    private func printList(_ api: APIClient) async throws {
        let document = try Document(try await api.get("/api/v1/builds/\(build)"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        StandardOutput.write(String(decoding: try encoder.encode(document["logs"].value), as: UTF8.self) + "\n")
    }

    private func print(_ log: String, api: APIClient, following: Bool) async throws {
        let path = "/api/v1/builds/\(build)/logs/\(APIClient.escape(log))"
        try await api.stream(path, query: [("follow", following ? "1" : nil)]) { buffer in
            StandardOutput.write(Array(buffer.readableBytesView))
        }
    }

    private func latestCursor(_ api: APIClient) async throws -> String {
        try Document(try await api.get("/api/v1/events/latest"))["cursor"].text
    }

    /// Waits for the next event of this build: a log that opens, or its end.
    private func waitForNews(_ api: APIClient, since cursor: String) async throws {
        var reader = EventReader()
        try await api.stream("/api/v1/events", query: [("since", cursor)], headers: ["Accept": "text/event-stream"]) { buffer in
            var news = false
            try reader.read(Array(buffer.readableBytesView)) { event in
                let entity = try Document(Data(event.data.utf8))["entity"]
                if entity["kind"].text == "build", entity["id"].number == build { news = true }
            }
            return !news
        }
    }
}
