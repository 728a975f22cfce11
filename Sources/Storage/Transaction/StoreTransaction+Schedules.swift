import Domain

/// When a rule of the clock fires next.
package struct ScheduleState: Hashable, Sendable {
    package var scheduler: String
    /// What `due` was computed from.
    package var key: String
    package var due: Timestamp
    /// What was built the last time.
    package var lastChange: ChangeID?

    package init(scheduler: String, key: String, due: Timestamp, lastChange: ChangeID?) {
        self.scheduler = scheduler
        self.key = key
        self.due = due
        self.lastChange = lastChange
    }
}

/// What a store says for rules of the clock.
package protocol ScheduleTransaction: SchedulingTransaction {
    /// The states of these rules, as far as they exist; locked, in the order of the names, where several processes write.
    func schedules(_ schedulers: [String]) throws -> [String: ScheduleState]
    /// Adds states; one that another has added meanwhile stays.
    func add(_ states: [ScheduleState]) throws
    func update(_ states: [ScheduleState]) throws
    /// The newest change of a branch that a rule without forks may build: no pull request, and none that is untrusted.
    func newestChange(branch: String, repository: String?) throws -> Change?
}

extension ScheduleTransaction {
    /// Fires the rules of the clock that are due, by the configuration in force, and says when the next one is.
    package func fireSchedules(zone: (String) -> ZoneRule?) throws -> SchedulingResult {
        guard let configuration = try currentConfiguration()?.configuration else { return SchedulingResult(taken: 0, buildsets: []) }
        let rules = configuration.schedulers.filter { $0.schedule != nil }.sorted { $0.name < $1.name }
        guard !rules.isEmpty else { return SchedulingResult(taken: 0, buildsets: []) }
        let now = try now
        var states = try schedules(rules.map(\.name))
        var new: [ScheduleState] = []
        var changed: [ScheduleState] = []
        var buildsets: [NewBuildset] = []
        var unable: [String] = []
        for rule in rules {
            guard let schedule = rule.schedule else { continue }
            guard var state = states[rule.name], state.key == schedule.key else {
                guard let due = schedule.next(after: now, zone: zone) else { continue }
                let state = ScheduleState(scheduler: rule.name, key: schedule.key, due: due, lastChange: states[rule.name]?.lastChange)
                if states[rule.name] == nil { new.append(state) } else { changed.append(state) }
                states[rule.name] = state
                continue
            }
            guard state.due <= now else { continue }
            let firing = Firing(rule: rule, schedule: schedule, due: state.due)
            if !firing.isMissed(now) {
                let known = try newestChanges(of: rule, schedule, configuration)
                if let newest = known.last {
                    if !schedule.onlyIfChanged || newest.id != state.lastChange {
                        let stamps = Planner(configuration: configuration).stamps(of: rule, changes: known, newest: newest)
                        buildsets.append(firing.buildset(newest, stamps))
                    }
                    state.lastChange = newest.id
                } else {
                    let what = rule.codebases.isEmpty ? "on branch \(schedule.branch)" : "of \(rule.codebases.joined(separator: ", "))"
                    unable.append("\(rule.name): no change \(what) is known yet")
                }
            }
            if let due = schedule.next(after: now, from: state.due, zone: zone) {
                state.due = due
            } else {
                // Another machine may know the zone, and this one after its next update.
                unable.append("\(rule.name): the time zone \(schedule.zoneName ?? "") is not known on this machine; it is tried again in an hour")
                state.due = now.advanced(by: .seconds(3600))
            }
            states[rule.name] = state
            changed.append(state)
        }
        if !new.isEmpty { try add(new) }
        if !changed.isEmpty { try update(changed) }
        let made = try create(buildsets, configuration: configuration).compactMap { $0?.context.id }
        return SchedulingResult(taken: 0, buildsets: made, nextDue: states.values.map(\.due).min(), unable: unable)
    }

    /// What a rule of the clock builds, in the order of acceptance: the newest change of its branch, or one of each of its codebases.
    private func newestChanges(of rule: SchedulerRule, _ schedule: Schedule, _ configuration: Configuration) throws -> [Change] {
        guard !rule.codebases.isEmpty else {
            return try newestChange(branch: schedule.branch, repository: schedule.repository).map { [$0] } ?? []
        }
        return try configuration.codebases(of: rule).compactMap { try newestChange(branch: $0.branch, repository: $0.repository) }
            .sorted { $0.id < $1.id }
    }
}

/// A rule whose time has come.
private struct Firing {
    var rule: SchedulerRule
    var schedule: Schedule
    var due: Timestamp

    func isMissed(_ now: Timestamp) -> Bool { schedule.missed == .skip && now.since(due) > Schedule.grace }

    func buildset(_ newest: Change, _ stamps: [SourceStamp]) -> NewBuildset {
        let content = newest.content
        let plan = PlannedBuildset(
            scheduler: rule.name, trigger: "clock:\(due.microseconds)", reason: "due \(due)",
            stamp: stamps[0], changes: [newest.id], parents: [newest.chain], builders: rule.builders, priority: rule.priority,
            properties: Properties(content.properties, source: "change").overlaid(by: Properties(rule.properties, source: "scheduler \(rule.name)")),
            further: Array(stamps.dropFirst()))
        return NewBuildset(plan, newest: newest, byRule: true)
    }
}
