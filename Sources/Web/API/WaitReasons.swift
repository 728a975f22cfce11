import Domain
import Storage
import Wire

/// Tells why a request waits, or what became of it, from the facts. Pure.
struct WaitReasons {
    typealias Reason = WhyDocument.Reason

    let facts: WaitFacts
    let configuration: Configuration?
    /// What the steps of its build triggered.
    var triggered: [TriggeredBuildset] = []

    var all: [Reason] {
        switch facts.request.phase {
        case .waiting: waiting
        case .pending: isLate ? deadline : pending + deadline
        case .claimed: claimed
        case .finished: finished
        }
    }

    private var waiting: [Reason] {
        facts.needs.map { Reason("needs", "it needs \($0.builder), whose request \($0.request) is \($0.phase.rawValue)") } + deadline
    }

    private var deadline: [Reason] {
        switch facts.deadline {
        case nil: []
        case .ahead(let deadline): [Reason("deadline", "it is cancelled unless a build of it begins by \(deadline)")]
        case .passed(let deadline): [Reason("deadline", "no build of it had begun by \(deadline): no worker gets it, and a scheduler cancels it")]
        }
    }

    private var isLate: Bool {
        if case .passed = facts.deadline { true } else { false }
    }

    /// The build is another request's.
    private var answered: [Reason] {
        guard let build = facts.build, facts.request.answeredBy == build.id else { return [] }
        if let finished = build.finished, finished <= facts.request.created {
            return [
                Reason("answered_by", "build \(build.id) of request \(build.request) had answered the same at \(finished): its result is used again")
            ]
        }
        return [
            Reason("answered_by", "build \(build.id) of request \(build.request) answers it: that was first in line, and both ask for the same")
        ]
    }

    private var finished: [Reason] {
        let request = facts.request
        let cause = request.cause.map { " (\($0.rawValue))" } ?? ""
        let text = request.text.isEmpty ? "" : ": \(request.text)"
        // One that was cancelled did not wait for the answer.
        return (request.cancelReason == nil ? answered : []) + [
            Reason("finished", "it ended as \(request.outcome?.rawValue ?? "unknown")\(cause)\(text)")
        ]
    }

    private var claimed: [Reason] {
        guard let build = facts.build else { return [Reason("claimed", "a worker is being told")] }
        var reasons = answered
        switch build.phase {
        case .assigned: reasons.append(Reason("assigned", "build \(build.id) is assigned to \(build.worker), which has not accepted it yet"))
        case .running: reasons.append(Reason("running", "build \(build.id) runs on \(build.worker) since \(build.started ?? build.assigned)"))
        case .finished: reasons.append(Reason("ending", "build \(build.id) has ended as \(build.outcome?.rawValue ?? "unknown")"))
        }
        reasons += triggered.filter { $0.waits && $0.outcome == nil }.map {
            Reason("triggered", "step \($0.step) of build \($0.build) waits for buildset \($0.buildset) of \($0.scheduler), which it triggered")
        }
        if let reason = facts.request.cancelReason { reasons.append(Reason("cancelling", "its end was asked for: \(reason)")) }
        return reasons
    }

    private var pending: [Reason] {
        var reasons: [Reason] = []
        if facts.request.attempts > 0 {
            reasons.append(Reason("retry", "it was tried \(facts.request.attempts) times before, without fault of its own"))
        }
        if let configuration, configuration.builder(named: facts.request.builder) == nil {
            return reasons + [
                Reason(
                    "no_builder",
                    "the configuration in force has no builder \(facts.request.builder): it will be cancelled, unless the builder comes back")
            ]
        }
        let connected = facts.workers.filter(\.connected)
        guard !connected.isEmpty else {
            return reasons + [Reason("no_worker", "no worker is connected: start one with `doorbell-worker --url …`")]
        }
        let fitting = connected.filter { $0.labels.satisfy(facts.required) }
        guard !fitting.isEmpty else { return reasons + missingLabels(connected) }
        let willing = fitting.filter { !$0.paused }
        guard !willing.isEmpty else {
            return reasons + [Reason("paused", "every worker that could build it is paused: \(names(fitting))")]
        }
        // It takes no place of its own: what keeps the other one is told of that.
        if let same = facts.same, same.comesFirst {
            let text = "one build will answer both (`doorbell why \(same.request)` tells what that waits for)"
            return reasons + [Reason("same", "request \(same.request) asks for the same and comes first: \(text)")]
        }
        reasons += longestWait
        let bounds = bounds + shares
        reasons += bounds
        if facts.ahead > 0 {
            let same = order == nil ? "builder" : "builder and project"
            let number = facts.ahead > WaitFacts.mostAhead ? "more than \(WaitFacts.mostAhead)" : "\(facts.ahead)"
            let rule = order?.longestWait(of: facts.request.stamp.project) == nil ? "" : "those that have waited too long, then "
            reasons.append(Reason("queue", "\(number) requests with the same \(same) come first: \(rule)by priority and age"))
        }
        if let same = facts.same { reasons.append(Reason("same", "request \(same.request) asks for the same: one build will answer both")) }
        let free = willing.filter { $0.builds.count < $0.slots }
        if free.isEmpty {
            let builds = willing.flatMap(\.builds).map(\.description).joined(separator: ", ")
            reasons.append(Reason("busy", "all slots of \(names(willing)) are busy with builds \(builds)"))
        } else if facts.ahead == 0, bounds.isEmpty {
            reasons.append(Reason("next", "it is next: \(names(free)) has a free slot and is about to get it"))
        }
        return reasons
    }

    private func missingLabels(_ connected: [WorkerRow]) -> [Reason] {
        let missing = facts.required.sorted { $0.key < $1.key }.filter { label in !connected.contains { $0.labels[label.key] == label.value } }
        guard !missing.isEmpty else {
            let wanted = facts.required.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
            return [Reason("no_match", "no connected worker has all of the labels \(wanted) at once")]
        }
        return missing.map { label in
            if label.key == UntrustedRule.label {
                return Reason(
                    "untrusted",
                    "no worker accepts untrusted builds: anybody may have written what it builds; start one with `doorbell-worker --accept-untrusted`"
                )
            }
            let found = Set(connected.compactMap { $0.labels[label.key] }).sorted()
            let have = found.isEmpty ? "none has the label \(label.key)" : "they have \(found.map { "\(label.key)=\($0)" }.joined(separator: ", "))"
            return Reason("no_label", "no connected worker has the label \(label.key)=\(label.value); \(have)")
        }
    }

    private func names(_ workers: [WorkerRow]) -> String {
        Self.some(workers.map(\.name).sorted())
    }

    /// The first of many, and how many more there are.
    static func some(_ all: [String]) -> String {
        all.count > 5 ? all.prefix(5).joined(separator: ", ") + " and \(all.count - 5) more" : all.joined(separator: ", ")
    }
}
