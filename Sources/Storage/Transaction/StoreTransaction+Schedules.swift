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
                if let newest = try newestChange(branch: schedule.branch, repository: schedule.repository) {
                    if !schedule.onlyIfChanged || newest.id != state.lastChange { buildsets.append(firing.buildset(newest)) }
                    state.lastChange = newest.id
                } else {
                    unable.append("\(rule.name): no change on branch \(schedule.branch) is known yet")
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
}

/// A rule whose time has come.
private struct Firing {
    var rule: SchedulerRule
    var schedule: Schedule
    var due: Timestamp

    func isMissed(_ now: Timestamp) -> Bool { schedule.missed == .skip && now.since(due) > Schedule.grace }

    func buildset(_ newest: Change) -> NewBuildset {
        let content = newest.content
        let plan = PlannedBuildset(
            scheduler: rule.name, trigger: "clock:\(due.microseconds)", reason: "due \(due)",
            stamp: SourceStamp(project: content.project, repository: content.repository, branch: content.branch, revision: content.revision),
            changes: [newest.id], parents: [newest.chain], builders: rule.builders, priority: rule.priority,
            properties: Properties(content.properties, source: "change").overlaid(by: Properties(rule.properties, source: "scheduler \(rule.name)")))
        return NewBuildset(plan, newest: newest, byRule: true)
    }
}
