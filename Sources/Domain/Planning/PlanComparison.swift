/// What two configurations make of the same changes, and where they differ. Pure.
public struct PlanComparison: Sendable {
    /// One rule under both; nil where a configuration does not have it.
    public struct Rule: Hashable, Sendable {
        public var name: String
        public var firedBy: FiredBy
        public var before: PlanReplay.Tally?
        public var after: PlanReplay.Tally?
    }

    public enum FiredBy: String, Hashable, Sendable {
        case changes
        /// The clock, and no change: it is left out.
        case clock
        /// The ends of other rules' buildsets, which are taken to succeed.
        case buildsets
        /// Steps of builds, which nobody runs here: it is left out.
        case builds
    }

    /// What is built when this change is the newest.
    public struct Difference: Hashable, Sendable {
        public var change: ChangeID
        public var added: [Decision]
        public var removed: [Decision]

        public init(change: ChangeID, added: [Decision], removed: [Decision]) {
            self.change = change
            self.added = added
            self.removed = removed
        }
    }

    public struct Decision: Hashable, Sendable {
        public var scheduler: String
        public var builders: [String]

        public init(scheduler: String, builders: [String]) {
            self.scheduler = scheduler
            self.builders = builders
        }
    }

    public let changes: Int
    /// In the order of the new configuration, then those that only the old one has.
    public let rules: [Rule]
    /// In the order of the changes; those that are built alike are left out.
    public let differences: [Difference]

    /// - Parameter changes: in the order of their acceptance.
    public init(from old: Configuration, to new: Configuration, changes: [Change]) {
        let (before, after) = (PlanReplay(old, changes: changes), PlanReplay(new, changes: changes))
        self.changes = changes.count
        rules = Self.rules(before, after)
        let (oldDecisions, newDecisions) = (Self.decisions(before), Self.decisions(after))
        differences = changes.compactMap { change in
            let (known, wanted) = (oldDecisions[change.id] ?? [:], newDecisions[change.id] ?? [:])
            guard known != wanted else { return nil }
            return Difference(change: change.id, added: Self.beyond(known, wanted), removed: Self.beyond(wanted, known))
        }
    }

    /// Rules that do not choose: each took every change, or none did. One change tells nothing of that.
    public var matchEverything: [String] { changes < 2 ? [] : rules.filter { $0.after?.changes == changes && $0.firedBy == .changes }.map(\.name) }
    public var matchNothing: [String] { changes < 2 ? [] : rules.filter { $0.after?.changes == 0 && $0.firedBy == .changes }.map(\.name) }

    private static func rules(_ before: PlanReplay, _ after: PlanReplay) -> [Rule] {
        let (old, new) = (before.planner.configuration, after.planner.configuration)
        let rules = new.schedulers + old.schedulers.filter { new.scheduler(named: $0.name) == nil }
        let (known, wanted) = (before.tallies, after.tallies)
        return rules.map { rule in
            let firedBy: FiredBy = rule.kind == .triggerable ? .builds : rule.schedule != nil ? .clock : rule.follows != nil ? .buildsets : .changes
            return Rule(name: rule.name, firedBy: firedBy, before: known[rule.name], after: wanted[rule.name])
        }
    }

    /// The builders that each rule builds, by the newest change of its buildset.
    private static func decisions(_ replay: PlanReplay) -> [ChangeID: [String: Set<String>]] {
        replay.buildsets.reduce(into: [:]) { all, buildset in
            if let newest = buildset.changes.last { all[newest, default: [:]][buildset.scheduler, default: []].formUnion(buildset.builders) }
        }
    }

    private static func beyond(_ known: [String: Set<String>], _ wanted: [String: Set<String>]) -> [Decision] {
        wanted.sorted { $0.key < $1.key }.compactMap { scheduler, builders in
            let more = builders.subtracting(known[scheduler] ?? [])
            return more.isEmpty ? nil : Decision(scheduler: scheduler, builders: more.sorted())
        }
    }
}
