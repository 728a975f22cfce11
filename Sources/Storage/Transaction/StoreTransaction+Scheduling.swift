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
    /// Up to `limit` unclassified changes in the order of acceptance, none beyond `last`; nobody else gets them until this transaction ends.
    func takeUnclassified(limit: Int, until last: ChangeID) throws -> [Change]
    /// The newest change that answers each key and that a rule without forks may build: no pull request, and none that is untrusted.
    func latestChanges(_ keys: [LatestKey]) throws -> [LatestKey: LatestChange]
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
    /// Where several processes write, lets only one at a time decide on the buildsets of these branches, until this transaction ends.
    func lockBranches(_ branches: [SupersededBranch]) throws
    /// Open requests of open buildsets of a branch whose newest change is older: those that no build has, or all; the first in the order of locks.
    func olderRequests(than newest: ChangeID, on branch: SupersededBranch, claimed: Bool, limit: Int) throws -> [OlderRequest]
    /// An open buildset of a branch whose newest change is newer.
    func newerBuildset(than newest: ChangeID, on branch: SupersededBranch) throws -> BuildsetID?
    /// When the next quiet time ends; those at or before `after` do not count.
    func nextQuietTime(after: Timestamp?) throws -> Timestamp?
}

extension SchedulingTransaction {
    /// - Parameter settled: every change up to this one is visible to this transaction; nil: nobody has asked.
    /// - Returns: Nil when the rules in force build several codebases and nobody has asked: nothing was done then. What is the newest change of another
    ///   repository up to one of the batch may only be decided once no earlier one can appear any more, else two changes that are accepted at once could
    ///   each be built without the other.
    package func classify(limit: Int, planner: Planner, settled: ChangeID?) throws -> SchedulingResult? {
        let changes = try takeUnclassified(limit: limit, until: settled ?? ChangeID(.max))
        var made = Made()
        if !changes.isEmpty {
            let planner = try inForce(planner)
            if settled == nil, planner.configuration.buildsCodebases { return nil }
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
        let made = due.isEmpty ? Made() : try fire(due, planner: inForce(planner))
        return SchedulingResult(
            taken: due.count, buildsets: made.buildsets, nextDue: try nextQuietTime(after: waiting == nil ? nil : now),
            superseded: made.superseded)
    }

    /// By the configuration that this transaction sees, whatever this process knows: one that has not heard of a new rule yet would let changes go that
    /// the rule waits for.
    private func inForce(_ planner: Planner) throws -> Planner {
        try currentConfiguration().map { Planner(configuration: $0.configuration) } ?? planner
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

    /// Fills in what the changes that were there say of codebases that did not change.
    private func filled(_ new: [NewBuildset]) throws -> [NewBuildset] {
        let keys = Set(new.flatMap(\.plan.openKeys)).sorted { $0.order < $1.order }
        guard !keys.isEmpty else { return new }
        let latest = try latestChanges(keys)
        return new.map { one in
            var one = one
            one.plan = one.plan.filled(from: latest)
            return one
        }
    }

    private func make(_ open: [NewBuildset], planner: Planner) throws -> Made {
        guard !open.isEmpty else { return Made() }
        let new = try filled(open)
        let rules = planner.configuration.schedulers.reduce(into: [:]) { $0[$1.name] = $1.supersede }
        let branches = Set(new.filter { rules[$0.plan.scheduler] != nil }.map { SupersededBranch($0.plan.scheduler, $0.plan.stamps) })
        if !branches.isEmpty { try lockBranches(branches.sorted { $0.order < $1.order }) }
        let created = try create(new, configuration: planner.configuration).compactMap { $0 }
        return Made(buildsets: created.map(\.context.id), superseded: branches.isEmpty ? [] : try supersede(created, rules))
    }

    /// Asks for the end of what these buildsets make needless, and of those of them that are needless already: what is newer is told by the changes, for
    /// another process may have decided on later ones earlier. Gives the builds whose workers are to be told.
    private func supersede(_ created: [CreatedBuildset], _ rules: [String: SchedulerRule.Superseding]) throws -> [BuildCancel] {
        var needless: [(older: OlderRequest, reason: String, claimed: Bool)] = []
        for buildset in created {
            let context = buildset.context
            guard let which = rules[context.scheduler], let newest = context.changes.max() else { continue }
            let branch = SupersededBranch(context.scheduler, [context.stamp] + context.further)
            let older = try olderRequests(than: newest, on: branch, claimed: which == .running, limit: Self.mostSuperseded)
            needless += older.map { ($0, "superseded by buildset \(context.id)", which == .running) }
            if let newer = try newerBuildset(than: newest, on: branch), !created.contains(where: { $0.context.id == newer }) {
                needless += buildset.requests.map {
                    (OlderRequest(buildset: context.id, request: $0), "superseded by buildset \(newer)", which == .running)
                }
            }
        }
        // In the order in which everybody locks them.
        needless.sort { ($0.older.buildset, $0.older.request) < ($1.older.buildset, $1.older.request) }
        var seen: Set<RequestID> = []
        return try cancel(
            needless.filter { seen.insert($0.older.request).inserted }.map {
                .init(request: $0.older.request, reason: $0.reason, evenClaimed: $0.claimed)
            })
    }

    /// What one buildset ends: more would keep others waiting. A backlog beyond it is ended by the buildsets that follow.
    private static var mostSuperseded: Int { 1000 }
}

/// Where one buildset supersedes another.
package struct SupersededBranch: Hashable, Sendable {
    package var scheduler: String
    package var codebase: String
    package var repository: String
    package var branch: String
    /// Of several codebases: every branch that is built; nil for one repository.
    package var line: String?

    /// Nobody asks for a buildset without a stamp.
    init(_ scheduler: String, _ stamps: [SourceStamp]) {
        let stamp = stamps.first ?? SourceStamp(project: "", repository: "", branch: "", revision: nil)
        self.scheduler = scheduler
        line = stamps.line
        codebase = stamp.codebase
        repository = stamp.repository
        branch = stamp.branch
    }

    fileprivate var order: (String, String, String, String, String) { (scheduler, codebase, repository, branch, line ?? "") }
}

/// A request of an older buildset.
package struct OlderRequest: Hashable, Sendable {
    package var buildset: BuildsetID
    package var request: RequestID

    package init(buildset: BuildsetID, request: RequestID) {
        self.buildset = buildset
        self.request = request
    }
}

/// What a pass made.
private struct Made {
    var buildsets: [BuildsetID] = []
    var superseded: [BuildCancel] = []
}

extension LatestKey {
    /// One order, so that the same question is the same statement.
    fileprivate var order: (String, String, ChangeID) { (repository, branch, upTo) }
}

extension QuietKey {
    /// The order in which rows of several keys are locked.
    fileprivate var order: (String, String, String, String) { (scheduler, codebase, repository, branch) }
}
