import Domain

/// All leases in force, and which of them are over. There are never more of them than slots. Pure.
package struct LeaseSurvey: Sendable {
    package struct Over: Sendable {
        package var build: BuildID
        var cause: Cause
        var after: Duration

        package func ending(_ build: OpenBuild) -> BuildEnding {
            let seconds = Int(after.inSeconds)
            let text =
                cause == .notAccepted
                ? "the worker \(build.worker) did not accept the build within \(seconds) s"
                : "the worker \(build.worker) was not heard of for \(seconds) s"
            return .lost(build, cause: cause, text: text)
        }
    }

    package private(set) var over: [Over] = []
    package private(set) var nextDue: Timestamp?

    private let rule: LeaseRule
    private let now: Timestamp
    private let reachableSince: Timestamp
    private let limit: Int

    package init(_ rule: LeaseRule, now: Timestamp, reachableSince: Timestamp, limit: Int) {
        self.rule = rule
        self.now = now
        self.reachableSince = reachableSince
        self.limit = limit
    }

    package mutating func look(at build: BuildID, phase: BuildPhase?, assigned: Timestamp, renewed: Timestamp) {
        let acceptance = LeaseRule(period: rule.acceptWithin, survive: rule.survive, acceptWithin: rule.acceptWithin)
        var end = rule.end(renewed: renewed, reachableSince: reachableSince)
        var cause = Cause.lost
        var since = renewed
        if phase == .assigned {
            let acceptable = acceptance.end(renewed: assigned, reachableSince: reachableSince)
            if acceptable <= end {
                end = acceptable
                cause = .notAccepted
                since = assigned
            }
        }
        if end <= now, over.count < limit {
            over.append(Over(build: build, cause: cause, after: now.since(since)))
        } else {
            nextDue = min(nextDue ?? end, end)
        }
    }
}
