import Domain

/// A log of an open build, and what the server has of it.
package struct OpenLog {
    package var build: BuildID
    package var name: String
    package var step: Int
    package var size: Int64

    package init(build: BuildID, name: String, step: Int, size: Int64) {
        self.build = build
        self.name = name
        self.step = step
        self.size = size
    }
}

/// A log as it is when its build ends.
package struct ClosedLog: Encodable {
    package var build: BuildID
    package var name: String
    package var step: Int
    package var size: Int64
    package var sha256: String?
    /// False when nothing was ever appended to it: then it opens and closes at once.
    package var known: Bool

    func fact(_ build: OpenBuild, closed: Bool) -> LogFact {
        LogFact(
            build: build.id, builder: build.builder, name: name, step: step, size: closed ? size : nil, sha256: closed ? sha256 : nil)
    }
}

/// What the server has of a log: its size, and SHA-256 in hexadecimal.
package struct SealedLog: Hashable, Sendable {
    package var size: Int64
    package var sha256: String

    package init(size: Int64, sha256: String) {
        self.size = size
        self.sha256 = sha256
    }

    /// A log to which nothing was ever written.
    package static let empty = SealedLog(size: 0, sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
}

extension StoreTransaction {
    /// Ends builds: their rows, steps and logs are closed, and each request is finished or goes back to `pending`. A few statements for all.
    package func end(_ endings: [BuildEnding]) throws -> [BuildID: EndedBuild] {
        guard !endings.isEmpty else { return [:] }
        let ids = endings.map(\.build.id)
        // Before the logs are measured: an append that was allowed until now asks again, and is told after this transaction.
        revokeLogs(of: ids)
        guard try writeEnds(endings) == endings.count else { throw StoreError.internalError("a build was to be ended twice") }
        let steps = Dictionary(grouping: try closeSteps(of: ids), by: \.build)
        let logs = try closeLogs(endings, ids)
        try forgetKeys(of: ids)
        var events: [PendingEvent] = []
        for ending in endings {
            let build = ending.build
            let context = try context(of: build.buildset)
            for step in steps[build.id] ?? [] {
                var fact = step
                fact.builder = build.builder
                events.append(build.event(.stepFinished, context, .step(fact), outcome: fact.outcome))
            }
            for log in logs[build.id] ?? [] {
                if !log.known { events.append(build.event(.logOpened, context, .log(log.fact(build, closed: false)))) }
                events.append(build.event(.logClosed, context, .log(log.fact(build, closed: true))))
            }
            let kind: EventKind = ending.finishKey == nil ? .buildLost : .buildFinished
            events.append(build.event(kind, context, .build(build.fact(context, text: ending.text)), outcome: build.machine.outcome))
        }
        emit(events)
        try keepResults(of: endings)
        let settled = try settleRequests(endings)
        return endings.reduce(into: [:]) { ended, ending in
            let id = ending.build.id
            ended[id] = EndedBuild(
                retried: settled.retried.contains(id), released: !settled.finished.released.isEmpty,
                endedBuildset: !settled.finished.buildsets.isDisjoint(with: settled.buildsets[id] ?? []),
                logs: (logs[id] ?? []).map(\.name))
        }
    }

    /// Closes the logs of builds: as their worker declared them, or, when it could not, as they are.
    private func closeLogs(_ endings: [BuildEnding], _ ids: [BuildID]) throws -> [BuildID: [ClosedLog]] {
        let open = Dictionary(grouping: try openLogs(of: ids), by: \.build)
        var logs: [BuildID: [ClosedLog]] = [:]
        for ending in endings {
            let build = ending.build.id
            let known = (open[build] ?? []).reduce(into: [String: OpenLog]()) { $0[$1.name] = $1 }
            var closed = ending.logs.values.map { log in
                ClosedLog(
                    build: build, name: log.name, step: known[log.name]?.step ?? log.step, size: log.size, sha256: log.sha256,
                    known: known[log.name] != nil)
            }
            for log in known.values where ending.logs[log.name] == nil {
                closed.append(ClosedLog(build: build, name: log.name, step: log.step, size: log.size, sha256: nil, known: true))
            }
            if !closed.isEmpty { logs[build] = closed.sorted { ($0.step, $0.name) < ($1.step, $1.name) } }
        }
        if !logs.isEmpty { try writeLogs(logs.values.flatMap { $0 }) }
        return logs
    }
}

/// A build's end as a store reads it from JSON.
package struct BuildEndRow: Encodable {
    package var id: BuildID
    package var outcome: Outcome?
    package var cause: Cause?
    package var text: String
    package var fence: Fence
    package var key: String?

    package init(_ ending: BuildEnding) {
        id = ending.build.id
        outcome = ending.build.machine.outcome
        cause = ending.build.machine.cause
        text = ending.text
        fence = ending.build.machine.fence
        key = ending.finishKey
    }
}
