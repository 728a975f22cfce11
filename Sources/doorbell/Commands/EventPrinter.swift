import Domain
import Foundation

/// Prints events as the server streams them, a line each.
struct EventPrinter {
    let client: ClientOptions

    /// - Parameter since: nil: those that happen from now on.
    func print(keys: [String], since: String?, follow: Bool) async throws {
        let api = try client.client()
        var reader = EventReader()
        let query: [(String, String?)] = keys.map { ("key", $0) } + [("since", since), ("follow", follow ? nil : "0")]
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
