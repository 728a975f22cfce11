import Domain
import Storage
import Wire

extension BuildSummary {
    init(_ row: BuildRow) {
        self.init(
            id: row.id, request: row.request, buildset: row.buildset, builder: row.builder, worker: row.worker, attempt: row.attempt,
            phase: row.phase, outcome: row.outcome, cause: row.cause, text: row.text, reason: row.reason, author: row.author,
            comments: row.comments, changes: row.changes, stamp: row.stamp, chain: row.chain, assigned: row.assigned, started: row.started,
            finished: row.finished, configuration: row.configuration, plannedUnder: row.plannedUnder, stamps: row.stamps)
    }
}

extension BuildDocument {
    init(_ row: BuildRow, steps: [StepRow], logs: [LogStatus], answers: [RequestID]) {
        self.init(
            summary: BuildSummary(row), properties: row.properties,
            steps: steps.map { StepDocument(fact: $0.fact, started: $0.started, finished: $0.finished) },
            logs: logs.map { log in
                LogDocument(
                    name: log.name, step: log.step, size: log.size, sha256: log.sha256, closed: log.closed,
                    link: "/api/v1/builds/\(row.id)/logs/\(PathWord.escaped(log.name))")
            }, answers: answers)
    }
}

extension RequestDocument {
    init(_ row: RequestRow) {
        self.init(
            id: row.id, buildset: row.buildset, builder: row.builder, phase: row.phase, outcome: row.outcome, cause: row.cause, text: row.text,
            priority: row.priority, attempts: row.attempts, created: row.created, claimed: row.claimed, finished: row.finished,
            cancelReason: row.cancelReason, deadline: row.deadline, stamp: row.stamp, chain: row.chain, builds: row.builds,
            answeredBy: row.answeredBy,
            stamps: row.stamps)
    }
}

extension BuildsetDocument {
    init(_ row: BuildsetRow) {
        self.init(
            id: row.id, scheduler: row.scheduler, reason: row.reason, chain: row.chain, parents: row.parents, stamp: row.stamp,
            changes: row.changes, created: row.created, finished: row.finished, outcome: row.outcome, openRequests: row.openRequests,
            properties: row.properties, configuration: row.configuration, stamps: row.stamps)
    }
}

extension WorkerDocument {
    init(_ row: WorkerRow) {
        self.init(
            name: row.name, labels: row.labels, slots: row.slots, version: row.version, connected: row.connected, paused: row.paused,
            lastConnected: row.lastConnected, builds: row.builds)
    }
}

/// One segment of a path, with every byte outside RFC 3986's unreserved set escaped.
enum PathWord {
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                escaped += "%" + [byte].hexadecimal.uppercased()
            }
        }
        return escaped
    }
}
