import Domain
import Foundation
import Storage

/// Turns events into the lines that `doorbell up` shows: what arrived, what was decided, what runs, how it ended. Pure: an event in, a line out.
public struct ProgressPrinter: Sendable {
    public var colours: Bool

    public init(colours: Bool) {
        self.colours = colours
    }

    /// One line without its newline; nil for events that people need not see.
    public func line(for record: EventRecord) -> String? {
        guard let text = text(for: record) else { return nil }
        return dim(clock(record.occurred)) + "  " + text
    }

    private func text(for record: EventRecord) -> String? {
        let id = record.entityID
        switch record.kind {
        case .changeReceived:
            guard let fact: ChangeFact = decode(record) else { return nil }
            let revision = fact.revision.count >= 40 ? String(fact.revision.prefix(10)) : fact.revision
            return head("change", id, fact.branch) + "\(revision)  \(short(author(fact.author)))  \(short(fact.comments, 60))"
        case .buildsetCreated:
            guard let fact: BuildsetFact = decode(record) else { return nil }
            // "rebuild of build 1" names its scheduler by itself.
            let why = fact.reason.hasPrefix(fact.scheduler + " ") ? fact.reason : "\(fact.scheduler): \(fact.reason)"
            return head("buildset", id, fact.branch) + "\(short(why, 80)) -> \(short(fact.builders.joined(separator: ", "), 60))"
        case .buildAssigned, .logOpened, .logClosed, .requestCreated, .requestReleased, .requestClaimed, .schedulerFired, .workerConnected:
            return nil
        case .buildStarted, .buildFinished, .buildLost:
            guard let fact: BuildFact = decode(record) else { return nil }
            let what =
                record.kind == .buildStarted
                ? "started on \(fact.worker)" + (fact.attempt > 1 ? ", attempt \(fact.attempt)" : "")
                : coloured(fact.outcome) + ((fact.text?.isEmpty ?? true) ? "" : "  " + short(fact.text ?? "", 80))
            return head("build", id, fact.builder) + what
        case .stepStarted:
            guard let fact: StepFact = decode(record) else { return nil }
            return head("build", id, fact.builder) + "  step \(fact.number) \(short(fact.name, 40))" + dim(" …")
        case .stepFinished:
            guard let fact: StepFact = decode(record) else { return nil }
            let duration = String(format: "%.1fs", Double(fact.durationMilliseconds ?? 0) / 1000)
            return head("build", id, fact.builder) + "  step \(fact.number) \(short(fact.name, 40))  \(coloured(fact.outcome))  \(duration)"
                + ((fact.text?.isEmpty ?? true) || fact.outcome == .success ? "" : "  " + short(fact.text ?? "", 80))
        case .buildsetFinished:
            guard let fact: BuildsetFact = decode(record) else { return nil }
            return head("buildset", id, fact.branch) + coloured(fact.outcome)
        case .requestUnclaimed, .requestCancelled, .requestFinished:
            guard let fact: RequestFact = decode(record), record.kind == .requestUnclaimed || fact.outcome == .exception || fact.outcome == .skipped
            else { return nil }
            let what = record.kind == .requestUnclaimed ? "waits again" : coloured(fact.outcome)
            return head("request", id, fact.builder) + what + ((fact.text?.isEmpty ?? true) ? "" : "  " + short(fact.text ?? "", 80))
        case .workerLost, .workerPaused, .workerResumed:
            guard let fact: WorkerFact = decode(record) else { return nil }
            let what = record.kind == .workerLost ? "lost" : record.kind == .workerPaused ? "paused" : "resumed"
            return "worker \(short(fact.worker, 30)) \(what)" + (fact.reason.map { ": " + short($0, 80) } ?? "")
        case .configApplied: return "configuration \(id) is in force"
        case .deploymentRewound:
            guard let fact: DeploymentFact = decode(record) else { return nil }
            return "events before may tell of what never happened: \(short(fact.reason, 80))"
        case .schedulerFailed:
            guard let fact: SchedulerFact = decode(record) else { return nil }
            return "scheduler \(fact.scheduler) failed: \(short(fact.reason, 100))"
        }
    }

    private func decode<Fact: Decodable>(_ record: EventRecord) -> Fact? {
        try? JSONDecoder().decode(Fact.self, from: Data(record.data.utf8))
    }

    /// Kind and number, then what it concerns, in columns.
    private func head(_ kind: String, _ id: Int64, _ subject: String) -> String {
        padded("\(kind) \(id)", 14) + padded(short(subject, 20), 14)
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count)) + " "
    }

    /// The first line, with nothing that could move a cursor, at most `limit` characters.
    private func short(_ text: String, _ limit: Int = 30) -> String {
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let clean = String(line.map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "\u{FFFD}" : $0 })
        return clean.count > limit ? clean.prefix(limit - 1) + "…" : clean
    }

    private func author(_ text: String) -> String {
        text.split(separator: "<").first.map { String($0).trimmingCharacters(in: .whitespaces) } ?? text
    }

    /// The local time of day.
    private func clock(_ time: Timestamp) -> String {
        var seconds = time_t(time.microseconds / 1_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return String(format: "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec)
    }

    private func coloured(_ outcome: Outcome?) -> String {
        guard let outcome else { return "finished" }
        guard colours else { return outcome.rawValue }
        let colour =
            switch outcome {
            case .success: "32"
            case .warnings: "33"
            case .failure: "31"
            case .exception: "35"
            case .skipped, .cancelled: "90"
            }
        return "\u{1B}[\(colour)m\(outcome.rawValue)\u{1B}[0m"
    }

    private func dim(_ text: String) -> String { colours ? "\u{1B}[90m\(text)\u{1B}[0m" : text }
}
