/// Decides what changes lead to. Pure: a snapshot in, a plan out (STYLE, "Plan on a snapshot, commit through a port").
public struct Planner: Sendable {
    public var configuration: Configuration

    public init(configuration: Configuration) {
        self.configuration = configuration
    }

    /// The quiet times that a batch of changes may touch; the store reads (and locks) these before it asks for the plan.
    public func quietKeys(for changes: [Change]) -> Set<QuietKey> {
        let rules = configuration.schedulers.filter(\.waits)
        guard !rules.isEmpty else { return [] }
        var keys = Set<QuietKey>()
        let candidates = changes.map(Candidate.init)
        for rule in rules {
            let codebases = configuration.codebases(of: rule)
            for candidate in candidates where rule.judge(candidate, codebases) != .ignored {
                keys.insert(rule.quietKey(for: candidate.change.content, codebases))
            }
        }
        return keys
    }

    /// Applies every rule to every change, in the order given.
    public func plan(changes: [Change], quiet: [QuietKey: QuietTime]) -> Plan {
        var plan = Plan()
        var touched: [QuietKey: QuietTime] = [:]
        var order: [QuietKey] = []
        let candidates = changes.map(Candidate.init)
        for rule in configuration.schedulers {
            let codebases = configuration.codebases(of: rule)
            for candidate in candidates {
                var verdict = rule.judge(candidate, codebases)
                guard verdict != .ignored else { continue }
                let change = candidate.change
                // It starts nothing, and rides along with what does.
                if candidate.isSkipped { verdict = .unimportant }
                guard rule.waits, let wait = rule.quiet else {
                    if verdict == .important { plan.buildsets.append(buildset(rule: rule, change: change)) }
                    continue
                }
                let key = rule.quietKey(for: change.content, codebases)
                var time: QuietTime
                if let known = touched[key] {
                    time = known
                } else {
                    let stored = quiet[key]
                    time = QuietTime(key: key, generation: stored?.generation ?? 0, fires: stored?.fires, changes: [])
                    order.append(key)
                }
                time.changes.append(change.id)
                // An unimportant change starts nothing, but the branch is not quiet while it arrives.
                if verdict == .important || time.fires != nil {
                    let due = change.accepted.advanced(by: wait)
                    time.fires = max(time.fires ?? due, due)
                }
                touched[key] = time
            }
        }
        plan.quiet = order.compactMap { touched[$0] }
        return plan
    }

    /// What each rule says of a change, in the rules' order.
    public func verdicts(on change: Change) -> [RuleVerdict] {
        let candidate = Candidate(change)
        return configuration.schedulers.map { rule in
            let codebases = configuration.codebases(of: rule)
            return switch rule.judge(candidate, codebases) {
            case .ignored: RuleVerdict(scheduler: rule.name, outcome: .ignored(rule.refusal(of: candidate, codebases)))
            case .important where candidate.isSkipped:
                RuleVerdict(scheduler: rule.name, outcome: .ridesAlong("it asks that nothing be built for it"))
            case .unimportant: RuleVerdict(scheduler: rule.name, outcome: .ridesAlong("it touches only files that do not matter to the rule"))
            case .important: RuleVerdict(scheduler: rule.name, outcome: .taken(quiet: rule.waits ? rule.quiet : nil))
            }
        }
    }

    /// The buildset of a branch that has become quiet; nil when its rule is gone. `changes` are those that waited, in their source's order.
    public func fire(_ time: QuietTime, changes: [Change]) -> PlannedBuildset? {
        guard let rule = configuration.scheduler(named: time.key.scheduler), let last = changes.last else { return nil }
        // What waited for a rule may be of none of the codebases that it has got since.
        let codebases = configuration.codebases(of: rule)
        guard codebases.isEmpty || changes.contains(where: { rule.owns($0.content, codebases) }) else { return nil }
        return buildset(
            rule: rule, changes: changes, newest: last,
            trigger: time.trigger,
            reason: changes.count == 1 ? "change \(last.id)" : "\(changes.count) changes, the last \(last.id)")
    }

    /// What follows the end of a buildset: at its revision, with its properties under those of the rule.
    public func follow(_ finished: FinishedBuildset) -> [PlannedBuildset] {
        configuration.schedulers.compactMap { rule in
            // What somebody only tries starts nothing.
            guard finished.stamp.patch == nil, let follows = rule.follows, follows.schedulers.contains(finished.scheduler),
                follows.outcomes.contains(finished.outcome)
            else {
                return nil
            }
            return PlannedBuildset(
                scheduler: rule.name, trigger: "buildset:\(finished.id)",
                reason: "buildset \(finished.id) of \(finished.scheduler) ended as \(finished.outcome.rawValue)", stamp: finished.stamp,
                changes: finished.changes, parents: [finished.chain], builders: rule.builders, priority: rule.priority,
                properties: finished.properties.overlaid(by: Properties(rule.properties, source: "scheduler \(rule.name)")), further: finished.further
            )
        }
    }

    private func buildset(rule: SchedulerRule, change: Change) -> PlannedBuildset {
        buildset(rule: rule, changes: [change], newest: change, trigger: "change:\(change.id)", reason: "change \(change.id)")
    }

    private func buildset(rule: SchedulerRule, changes: [Change], newest: Change, trigger: String, reason: String) -> PlannedBuildset {
        let content = newest.content
        let stamps = stamps(of: rule, changes: changes, newest: newest)
        var properties = Properties(content.properties, source: "change")
        if changes.contains(where: \.content.isUntrusted) { properties[PullProperty.untrusted] = Property(true, source: "change") }
        return PlannedBuildset(
            scheduler: rule.name, trigger: trigger, reason: reason, stamp: stamps[0], changes: changes.map(\.id), parents: changes.map(\.chain),
            builders: rule.builders, priority: rule.priority,
            properties: properties.overlaid(by: Properties(rule.properties, source: "scheduler \(rule.name)")), further: Array(stamps.dropFirst()),
            asOf: changes.map(\.id).max())
    }

    /// What a rule builds for these changes, the main one first: of each codebase its newest change, the branch that it is built at where there is none.
    /// Never empty.
    ///
    /// - Parameter changes: in the order of their acceptance.
    public func stamps(of rule: SchedulerRule, changes: [Change], newest: Change) -> [SourceStamp] {
        func stamp(_ content: NewChange, _ codebase: String = "") -> SourceStamp {
            SourceStamp(
                project: content.project, repository: content.repository, branch: content.branch, revision: content.revision, codebase: codebase)
        }
        let codebases = configuration.codebases(of: rule)
        guard !codebases.isEmpty else { return [stamp(newest.content)] }
        return codebases.map { codebase in
            changes.last { $0.content.repository == codebase.repository }.map { stamp($0.content, codebase.name) }
                ?? codebase.tip(project: configuration.project)
        }
    }
}

extension SchedulerRule {
    /// The filter's verdict on what is this kind's business at all.
    fileprivate func judge(_ candidate: Candidate, _ codebases: [Codebase]) -> ChangeFilter.Verdict {
        if schedule != nil || follows != nil || kind == .triggerable || candidate.isUntrusted && !forks { return .ignored }
        guard owns(candidate.change.content, codebases) else { return .ignored }
        guard kind == .pull else {
            // A pull request is no change of a branch, unless a rule asks for its category.
            return candidate.isPull && filter.categories.isEmpty ? .ignored : filter.judge(candidate.change.content)
        }
        guard candidate.isPull, let base = candidate.base else { return .ignored }
        return filter.judge(candidate.change.content, branch: base)
    }

    /// Why `judge` ignores a change.
    fileprivate func refusal(of candidate: Candidate, _ codebases: [Codebase]) -> String {
        if schedule != nil { return "the clock fires it, and no change does" }
        if let follows { return "it follows what \(follows.schedulers.joined(separator: ", ")) built, and no change" }
        if kind == .triggerable { return "steps of builds trigger it, and no change" }
        if candidate.isUntrusted && !forks { return "it is from another repository, which anybody may write, and the rule has no \"forks: true\"" }
        if !owns(candidate.change.content, codebases) {
            let known = codebases.map { "\($0.name) (\($0.repository))" }.joined(separator: ", ")
            return "it is of none of the rule's codebases: \(known)"
        }
        guard kind == .pull else {
            if candidate.isPull && filter.categories.isEmpty { return "it is a pull request, which rules of kind pull build" }
            return filter.refusal(of: candidate.change.content) ?? "its filter does not want it"
        }
        guard candidate.isPull, let base = candidate.base else { return "it is no pull request" }
        return filter.refusal(of: candidate.change.content, branch: base) ?? "its filter does not want it"
    }

    /// True when changes wait for the branch to become quiet.
    var waits: Bool { (quiet ?? .zero) > .zero }

    /// A change is the rule's business where it is of one of its codebases, or where it has none.
    fileprivate func owns(_ change: NewChange, _ codebases: [Codebase]) -> Bool {
        self.codebases.isEmpty || codebases.contains { $0.repository == change.repository }
    }

    /// Changes on the branches that the codebases are built at by default are built together; a change on another branch is a matter of its own, beside
    /// the others' default branches.
    func quietKey(for change: NewChange, _ codebases: [Codebase]) -> QuietKey {
        guard let main = codebases.first, let own = codebases.first(where: { $0.repository == change.repository }) else {
            return QuietKey(scheduler: name, repository: change.repository, branch: change.branch)
        }
        return own.branch == change.branch
            ? QuietKey(scheduler: name, codebase: main.name, repository: main.repository, branch: main.branch)
            : QuietKey(scheduler: name, codebase: own.name, repository: own.repository, branch: change.branch)
    }
}

/// A change, and what every rule asks of it: found out once, not once for each rule.
private struct Candidate {
    let change: Change
    let isSkipped: Bool
    let isUntrusted: Bool
    let isPull: Bool
    /// What a pull request goes into.
    let base: String?

    init(_ change: Change) {
        let content = change.content
        self.change = change
        isSkipped = content.asksToBeSkipped
        isUntrusted = content.isUntrusted
        isPull = content.isPull
        if case .string(let branch) = content.properties[PullProperty.baseBranch] { base = branch } else { base = nil }
    }
}
