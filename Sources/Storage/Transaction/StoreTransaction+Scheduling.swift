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
package protocol SchedulingTransaction: StoreTransaction {
    /// Up to `limit` unclassified changes in the order of acceptance; nobody else gets them until this transaction ends.
    func takeUnclassified(limit: Int) throws -> [Change]
    func forgetUnclassified(_ changes: [Change]) throws
    /// The quiet times of these keys, as far as they exist; locked where several processes write.
    func quietTimes(_ keys: [QuietKey]) throws -> [QuietKey: QuietTime]
    /// Writes when a quiet time fires, and which changes wait for it.
    func keep(_ time: QuietTime) throws
    /// When the oldest unclassified change was accepted.
    func oldestUnclassified() throws -> Timestamp?
    /// Quiet times that fire at or before the bound, locked where several processes write.
    func dueQuietTimes(until bound: Timestamp, limit: Int) throws -> [DueQuietTime]
    /// The changes that wait for a quiet time, in the order of acceptance.
    func changes(waitingFor quiet: Int64) throws -> [Change]
    /// Lets the changes of a quiet time go and begins its next generation.
    func clearQuietTime(_ quiet: Int64) throws
    /// When the next quiet time ends; those at or before `after` do not count.
    func nextQuietTime(after: Timestamp?) throws -> Timestamp?
}

extension SchedulingTransaction {
    package func classify(limit: Int, planner: Planner) throws -> SchedulingResult {
        let changes = try takeUnclassified(limit: limit)
        var made: [BuildsetID] = []
        if !changes.isEmpty {
            let keys = planner.quietKeys(for: changes).sorted { $0.order < $1.order }
            let quiet = keys.isEmpty ? [:] : try quietTimes(keys)
            made = try commit(planner.plan(changes: changes, quiet: quiet), of: changes, planner: planner)
            try forgetUnclassified(changes)
        }
        return SchedulingResult(taken: changes.count, buildsets: made, nextDue: try nextQuietTime(after: nil))
    }

    /// - Parameter acceptedUntil: every change accepted at or before this moment is visible to this transaction.
    package func fireQuietTimes(limit: Int, planner: Planner, acceptedUntil: Timestamp) throws -> SchedulingResult {
        // A change that came before the quiet time ended may belong to it: it has to be classified first, and that will say what is due next.
        let waiting = try oldestUnclassified()
        let bound = waiting.map { min(acceptedUntil, $0.advanced(by: .microseconds(-1))) } ?? acceptedUntil
        let due = try dueQuietTimes(until: bound, limit: limit)
        var made: [BuildsetID] = []
        for time in due {
            if let buildset = try fire(time, planner: planner) { made.append(buildset) }
        }
        return SchedulingResult(taken: due.count, buildsets: made, nextDue: try nextQuietTime(after: waiting == nil ? nil : now))
    }

    private func commit(_ plan: Plan, of changes: [Change], planner: Planner) throws -> [BuildsetID] {
        let configuration = try currentConfiguration()?.configuration ?? planner.configuration
        let byID = Dictionary(changes.map { ($0.id, $0) }) { first, _ in first }
        var made: [BuildsetID] = []
        for buildset in plan.buildsets {
            let newest = buildset.changes.last.flatMap { byID[$0] }
            let created = try create(NewBuildset(buildset, newest: newest, byRule: true), configuration: configuration)
            if let created { made.append(created.context.id) }
        }
        for time in plan.quiet.sorted(by: { $0.key.order < $1.key.order }) { try keep(time) }
        return made
    }

    private func fire(_ due: DueQuietTime, planner: Planner) throws -> BuildsetID? {
        let changes = try changes(waitingFor: due.id)
        let time = QuietTime(key: due.key, generation: due.generation, fires: due.fires, changes: changes.map(\.id))
        // No buildset when the rule is gone: what waited for it is let go.
        var made: BuildsetID?
        if let plan = planner.fire(time, changes: changes) {
            let configuration = try currentConfiguration()?.configuration ?? planner.configuration
            made = try create(NewBuildset(plan, newest: changes.last, byRule: true), configuration: configuration)?.context.id
        }
        try clearQuietTime(due.id)
        return made
    }
}

extension QuietKey {
    /// The order in which rows of several keys are locked.
    fileprivate var order: (String, String, String, String) { (scheduler, codebase, repository, branch) }
}
