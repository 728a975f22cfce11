/// What a configuration makes of recorded changes: the planner, run over them in the order of acceptance; quiet times end when they would have ended, and
/// what follows a buildset follows it as if it succeeded. Pure, and nothing is kept.
public struct PlanReplay: Sendable {
    /// What a rule did with them.
    public struct Tally: Hashable, Sendable {
        /// Changes that it built, or would have built with the next.
        public var changes = 0
        public var buildsets = 0
        public var builds = 0

        public init(changes: Int = 0, buildsets: Int = 0, builds: Int = 0) {
            self.changes = changes
            self.buildsets = buildsets
            self.builds = builds
        }
    }

    public let planner: Planner
    public private(set) var buildsets: [PlannedBuildset] = []
    private var taken: [String: Int] = [:]
    private var quiet: [QuietKey: QuietTime] = [:]
    private var waiting: [QuietKey: [Change]] = [:]
    /// By rule: each waits for the same time, so that what came first ends first.
    private var ends: [String: QuietEnds] = [:]

    public init(_ configuration: Configuration) {
        planner = Planner(configuration: configuration)
    }

    /// - Parameter changes: in the order of their acceptance.
    public init(_ configuration: Configuration, changes: some Sequence<Change>) {
        self.init(configuration)
        for change in changes { take(change) }
        endQuietTimes(before: nil)
        follow()
    }

    /// What became of the changes by each rule, those of the clock and of steps left out: no change fires them.
    public var tallies: [String: Tally] {
        var tallies = planner.configuration.schedulers.filter { $0.schedule == nil && $0.kind != .triggerable }.reduce(into: [String: Tally]()) {
            $0[$1.name] = Tally(changes: taken[$1.name] ?? 0)
        }
        for buildset in buildsets {
            tallies[buildset.scheduler]?.buildsets += 1
            tallies[buildset.scheduler]?.builds += buildset.builders.count
        }
        return tallies
    }

    /// Rules follow no circle, so that this ends: a buildset leads to those of rules that stand behind its own.
    private mutating func follow() {
        guard planner.configuration.schedulers.contains(where: { $0.follows != nil }) else { return }
        var followed: [String: Set<ChangeID>] = [:]
        var next = 0
        var depths = Array(repeating: 0, count: buildsets.count)
        while next < buildsets.count {
            let (buildset, depth) = (buildsets[next], depths[next] + 1)
            next += 1
            guard depth < planner.configuration.schedulers.count, let parent = buildset.parents.last else { continue }
            let finished = FinishedBuildset(
                id: BuildsetID(Int64(next)), scheduler: buildset.scheduler, outcome: .success, chain: parent, stamp: buildset.stamp,
                changes: buildset.changes, properties: buildset.properties, further: buildset.further)
            for follower in planner.follow(finished) {
                followed[follower.scheduler, default: []].formUnion(follower.changes)
                buildsets.append(follower)
                depths.append(depth)
            }
        }
        for (scheduler, changes) in followed { taken[scheduler] = changes.count }
    }

    private mutating func take(_ change: Change) {
        endQuietTimes(before: change.accepted)
        let plan = planner.plan(changes: [change], quiet: quiet)
        for buildset in plan.buildsets { taken[buildset.scheduler, default: 0] += 1 }
        buildsets += plan.buildsets
        for time in plan.quiet {
            taken[time.key.scheduler, default: 0] += 1
            quiet[time.key] = QuietTime(key: time.key, generation: time.generation, fires: time.fires, changes: [])
            waiting[time.key, default: []].append(change)
            if let fires = time.fires { ends[time.key.scheduler, default: QuietEnds()].append(QuietEnd(key: time.key, fires: fires)) }
        }
    }

    /// A change that comes at the very end of a quiet time still belongs to it. Nil: all of them end.
    private mutating func endQuietTimes(before moment: Timestamp?) {
        var ended: [QuietTime] = []
        for rule in ends.keys {
            while let end = ends[rule]?.popFirst(before: moment) {
                // Another change may have put it off since.
                guard let time = quiet[end.key], time.fires == end.fires else { continue }
                ended.append(time)
                quiet[end.key] = QuietTime(key: time.key, generation: time.generation + 1, fires: nil, changes: [])
            }
        }
        for time in ended.sorted(by: Self.comesFirst) {
            if let buildset = planner.fire(time, changes: waiting.removeValue(forKey: time.key) ?? []) { buildsets.append(buildset) }
        }
    }

    private static func comesFirst(_ left: QuietTime, _ right: QuietTime) -> Bool {
        func order(_ time: QuietTime) -> (Int64, String, String, String) {
            (time.fires?.microseconds ?? 0, time.key.scheduler, time.key.repository, time.key.branch)
        }
        return order(left) < order(right)
    }
}

/// When the quiet time of a branch ends, unless it is put off.
private struct QuietEnd {
    var key: QuietKey
    var fires: Timestamp
}

/// The ends of one rule's quiet times, in their order.
private struct QuietEnds {
    private var ends: [QuietEnd] = []
    private var next = 0

    mutating func append(_ end: QuietEnd) { ends.append(end) }

    /// Nil: there is none, or it does not come before the moment.
    mutating func popFirst(before moment: Timestamp?) -> QuietEnd? {
        guard next < ends.count, moment.map({ ends[next].fires < $0 }) ?? true else { return nil }
        defer {
            next += 1
            if next > ends.count / 2 {
                ends.removeFirst(next)
                next = 0
            }
        }
        return ends[next]
    }
}
