import Domain
import Foundation

/// Follows a buildset to its end, by its events.
struct TryWatch {
    let api: APIClient
    let buildset: Int64
    let prints: Bool

    func outcome(since start: String) async throws -> Outcome {
        var cursor = start
        var failures = 0
        while true {
            do {
                if let outcome = try await follow(&cursor) { return outcome }
                failures = 0
            } catch let failure as CommandFailure where failure.status == .unavailable && failures < 5 {
                failures += 1
            }
            // The server that the stream came from has stopped: another, or its next start, goes on behind the last event.
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Nil when the stream ends before the buildset does.
    private func follow(_ cursor: inout String) async throws -> Outcome? {
        var reader = EventReader()
        var found: Outcome?
        var last = cursor
        defer { cursor = last }
        try await api.stream("/api/v1/events", query: [("since", cursor)], headers: ["Accept": "text/event-stream"]) { buffer in
            try reader.read(Array(buffer.readableBytesView)) { event in
                if !event.id.isEmpty { last = event.id }
                let document = try Document(Data(event.data.utf8))
                guard found == nil, document["chain"]["buildset"].number == buildset else { return }
                tell(document["event"].text, document["entity"]["id"].text, document["data"])
                if document["event"].text == "buildset.finished" { found = Outcome(rawValue: document["data"]["outcome"].text) ?? .exception }
            }
            return found == nil
        }
        return found
    }

    private func tell(_ event: String, _ id: String, _ data: Document) {
        guard prints else { return }
        let end = [data["outcome"].text, data["text"].text].filter { !$0.isEmpty }.joined(separator: ": ")
        let line: String? =
            switch event {
            case "build.started": "\(data["builder"].text): build \(id) runs on \(data["worker"].text)"
            case "step.finished": "\(data["builder"].text): \(data["name"].text) \(end)"
            case "build.finished": "\(data["builder"].text): build \(id) ended as \(end)"
            case "request.finished" where data["build"].text.isEmpty: "\(data["builder"].text): \(end)"
            case "buildset.finished": "buildset \(id) ended as \(data["outcome"].text)"
            default: nil
            }
        if let line { StandardOutput.write(Table.printable(line) + "\n") }
    }
}
