import Domain

/// A quiet time that is due, with its row's number.
package struct DueQuietTime {
    package var id: Int64
    package var key: QuietKey
    package var generation: Int64
    package var fires: Timestamp

    package init(id: Int64, key: QuietKey, generation: Int64, fires: Timestamp) {
        self.id = id
        self.key = key
        self.generation = generation
        self.fires = fires
    }
}

/// What a store says for the scheduling loops.
package protocol SchedulingTransaction: ControlTransaction {
    /// Up to `limit` unclassified changes in the order of acceptance; nobody else gets them until this transaction ends.
    func takeUnclassified(limit: Int) throws -> [Change]
    func forgetUnclassified(_ changes: [Change]) throws
    /// The quiet times of these keys, as far as they exist; locked where several processes write.
    func quietTimes(_ keys: [QuietKey]) throws -> [QuietKey: QuietTime]
    /// Writes when quiet times fire, and which changes wait for them.
    func keep(_ times: [QuietTime]) throws
    /// When the oldest unclassified change was accepted.
    func oldestUnclassified() throws -> Timestamp?
    /// Quiet times that fire at or before the bound, locked where several processes write.
    func dueQuietTimes(until bound: Timestamp, limit: Int) throws -> [DueQuietTime]
    /// The changes that wait for each of these quiet times, in the order of acceptance.
    func changes(waitingFor quiet: [Int64]) throws -> [Int64: [Change]]
    /// Lets the changes of quiet times go and begins their next generation.
    func clearQuietTimes(_ quiet: [Int64]) throws
    /// The requests of older open buildsets of a scheduler, on the same branch of the same repository: those that no build has, or all that are open.
    func olderRequests(than buildset: BuildsetID, scheduler: String, stamp: SourceStamp, claimed: Bool) throws -> [RequestID]
    /// When the next quiet time ends; those at or before `after` do not count.
    func nextQuietTime(after: Timestamp?) throws -> Timestamp?
}

extension SchedulingTransaction {
    package func classify(limit: Int, planner: Planner) throws -> SchedulingResult {
        let changes = try takeUnclassified(limit: limit)
        var made = Made()
        if !changes.isEmpty {
            let keys = planner.quietKeys(for: changes).sorted { $0.order < $1.order }
            let quiet = keys.isEmpty ? [:] : try quietTimes(keys)
            made = try commit(planner.plan(changes: changes, quiet: quiet), of: changes, planner: planner)
            try forgetUnclassified(changes)
        }
        return SchedulingResult(
            taken: changes.count, buildsets: made.buildsets, nextDue: try nextQuietTime(after: nil), superseded: made.superseded)
    }

    /// - Parameter acceptedUntil: every change accepted at or before this moment is visible to this transaction.
    package func fireQuietTimes(limit: Int, planner: Planner, acceptedUntil: Timestamp) throws -> SchedulingResult {
        // A change that came before the quiet time ended may belong to it: it has to be classified first, and that will say what is due next.
        let waiting = try oldestUnclassified()
        let bound = waiting.map { min(acceptedUntil, $0.advanced(by: .microseconds(-1))) } ?? acceptedUntil
        let due = try dueQuietTimes(until: bound, limit: limit)
        let made = try fire(due, planner: planner)
        return SchedulingResult(
            taken: due.count, buildsets: made.buildsets, nextDue: try nextQuietTime(after: waiting == nil ? nil : now),
            superseded: made.superseded)
    }

    private func commit(_ plan: Plan, of changes: [Change], planner: Planner) throws -> Made {
        let byID = Dictionary(changes.map { ($0.id, $0) }) { first, _ in first }
        let new = plan.buildsets.map { NewBuildset($0, newest: $0.changes.last.flatMap { byID[$0] }, byRule: true) }
        let made = try make(new, planner: planner)
        if !plan.quiet.isEmpty { try keep(plan.quiet.sorted { $0.key.order < $1.key.order }) }
        return made
    }

    private func fire(_ due: [DueQuietTime], planner: Planner) throws -> Made {
        guard !due.isEmpty else { return Made() }
        let waiting = try changes(waitingFor: due.map(\.id))
        // No buildset when the rule is gone: what waited for it is let go.
        let new = due.compactMap { due -> NewBuildset? in
            let changes = waiting[due.id] ?? []
            let time = QuietTime(key: due.key, generation: due.generation, fires: due.fires, changes: changes.map(\.id))
            return planner.fire(time, changes: changes).map { NewBuildset($0, newest: changes.last, byRule: true) }
        }
        let made = try make(new, planner: planner)
        try clearQuietTimes(due.map(\.id))
        return made
    }

    private func make(_ new: [NewBuildset], planner: Planner) throws -> Made {
        guard !new.isEmpty else { return Made() }
        let configuration = try currentConfiguration()?.configuration ?? planner.configuration
        var made = Made()
        for created in try create(new, configuration: configuration) {
            guard let context = created?.context else { continue }
            made.buildsets.append(context.id)
            if let which = configuration.scheduler(named: context.scheduler)?.supersede { made.superseded += try supersede(context, which) }
        }
        return made
    }

    /// Asks for the end of what a buildset makes needless. Gives the builds whose workers are to be told.
    private func supersede(_ newer: BuildsetContext, _ which: SchedulerRule.Superseding) throws -> [BuildCancel] {
        try olderRequests(than: newer.id, scheduler: newer.scheduler, stamp: newer.stamp, claimed: which == .running).compactMap {
            try cancel($0, reason: "superseded by buildset \(newer.id)").build
        }
    }
}

/// What a pass made.
private struct Made {
    var buildsets: [BuildsetID] = []
    var superseded: [BuildCancel] = []
}

extension QuietKey {
    /// The order in which rows of several keys are locked.
    fileprivate var order: (String, String, String, String) { (scheduler, codebase, repository, branch) }
}
