import Domain
import Foundation
import Storage

/// The last line on a terminal: which builds run, in which step, and for how long. Pure: events in, text out.
struct LiveLine {
    private struct Running {
        var builder: String
        var step: String?
        var since: Timestamp
    }

    private var builds: [Int64: Running] = [:]
    private var shown = false

    var isEmpty: Bool { builds.isEmpty && !shown }

    mutating func follow(_ record: EventRecord) {
        guard record.entity == .build else { return }
        let data = Data(record.data.utf8)
        switch record.kind {
        case .buildStarted:
            guard let fact = try? JSONDecoder().decode(BuildFact.self, from: data) else { return }
            builds[record.entityID] = Running(builder: fact.builder, step: nil, since: record.occurred)
        case .stepStarted:
            guard let fact = try? JSONDecoder().decode(StepFact.self, from: data) else { return }
            builds[record.entityID]?.step = fact.name
        case .buildFinished, .buildLost:
            builds[record.entityID] = nil
        default:
            break
        }
    }

    /// What removes the line that is shown.
    mutating func erase() -> String {
        defer { shown = false }
        return shown ? "\r\u{1B}[2K" : ""
    }

    /// The line, without a newline, so that the next one can replace it; at most 79 columns.
    mutating func text(now: Timestamp) -> String {
        guard !builds.isEmpty else { return "" }
        shown = true
        let parts = builds.sorted { $0.key < $1.key }.map { id, build in
            let seconds = max(0, Int(now.since(build.since).inSeconds))
            return "\(build.builder) \(id)" + (build.step.map { ": \($0)" } ?? "") + " \(seconds)s"
        }
        let line = "… " + parts.joined(separator: "  |  ")
        return String(line.filter { !$0.isNewline && $0 != "\u{1B}" }.prefix(79))
    }
}
