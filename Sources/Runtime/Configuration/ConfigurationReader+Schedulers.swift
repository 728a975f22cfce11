import Domain
import Scheduling

extension ConfigurationReader {
    mutating func readScheduler(_ value: YAMLValue) {
        // Keys are judged once the kind is known: those of a kind that does not exist would only hide the cause.
        guard let scheduler = value.mapping("scheduler", keys: ConfigurationKeys.scheduler, tolerant: true) else { return }
        let (name, place) = readName(of: scheduler)
        // What people ask for is on record under these names.
        if ["force", "rebuild", "try"].contains(name) { place?.expected("another name: builds by hand have this one") }
        let kinds = SchedulerRule.Kind.allCases.map(\.rawValue)
        let kind = scheduler.required("kind", YAMLValue.oneOf(kinds))?.choice(of: kinds).flatMap(SchedulerRule.Kind.init(rawValue:))
        if kind != nil || !scheduler.has("kind") {
            for entry in value.entries() { entry.refuse(unlessIn: ConfigurationKeys.scheduler, of: "scheduler") }
        }
        var read = SchedulerRule(name: name, kind: kind ?? .branch, builders: [])
        read.filter = readFilter(of: scheduler)
        if kind == .branch {
            _ = scheduler.required("branches", "the branches that it builds (a scheduler of kind \"any-branch\" needs none)")
        } else if kind == .anyBranch, let key = scheduler.key("branches") {
            key.report("found \"branches\" in a scheduler of kind \"any-branch\", expected none: write kind \"branch\" to choose branches")
        }
        read.schedule = readSchedule(of: scheduler, kind: kind)
        read.follows = readDependence(of: scheduler, kind: kind)
        read.codebases = readCodebaseNames(of: scheduler, kind: kind)
        if let quiet = scheduler["quiet"]?.duration(atLeast: .zero) { read.quiet = quiet == .zero ? nil : quiet }
        if let priority = scheduler["priority"]?.integer(in: Self.priorities) { read.priority = priority }
        read.properties = readProperties(scheduler["properties"])
        if let which = scheduler["supersede"]?.choice(of: SchedulerRule.Superseding.allCases.map(\.rawValue)) {
            read.supersede = SchedulerRule.Superseding(rawValue: which)
        }
        if let forks = scheduler["forks"]?.boolean() { read.forks = forks }
        if let builders = scheduler.required("builders", "the builders that it starts")?.list(of: "builders") {
            for element in builders {
                guard let builder = element.text("the name of a builder") else { continue }
                if read.builders.contains(builder) {
                    element.report("found \"\(YAMLValue.quotable(builder))\" a second time, expected each builder once")
                } else {
                    read.builders.append(builder)
                    draft.builderReferences.append((builder, element))
                }
            }
        }
        draft.schedulers.append(.init(value: read, name: place))
    }

    private func readSchedule(of scheduler: YAMLMapping, kind: SchedulerRule.Kind?) -> Schedule? {
        guard let kind else { return nil }
        let isClocked = kind == .cron || kind == .periodic
        let others =
            isClocked
            ? ConfigurationKeys.ofChanges + (kind == .cron ? ["every"] : ["cron", "timezone"])
            : ConfigurationKeys.clock + (kind == .dependent || kind == .triggerable ? ConfigurationKeys.ofChanges : [])
        for key in others {
            scheduler.key(key)?.report("found \"\(key)\" in a scheduler of kind \"\(kind.rawValue)\", expected none")
        }
        guard isClocked, let timing = kind == .cron ? readCron(of: scheduler) : readEvery(of: scheduler) else { return nil }
        var schedule = Schedule(timing: timing)
        if let branch = scheduler["branch"]?.text("the name of a branch") { schedule.branch = branch }
        schedule.repository = scheduler["repository"]?.text("a repository, as its changes name it")
        schedule.onlyIfChanged = scheduler["only_if_changed"]?.boolean() ?? false
        if let missed = scheduler["missed"]?.choice(of: Schedule.Missed.allCases.map(\.rawValue)) {
            schedule.missed = Schedule.Missed(rawValue: missed) ?? schedule.missed
        }
        return schedule
    }

    private mutating func readDependence(of scheduler: YAMLMapping, kind: SchedulerRule.Kind?) -> Dependence? {
        guard let kind else { return nil }
        guard kind == .dependent else {
            for key in ConfigurationKeys.dependence {
                scheduler.key(key)?.report("found \"\(key)\" in a scheduler of kind \"\(kind.rawValue)\", expected none")
            }
            return nil
        }
        guard let after = scheduler.required("after", "the schedulers that it follows") else { return nil }
        var follows = Dependence(schedulers: [])
        for element in after.isList ? after.list(of: "schedulers") ?? [] : [after] {
            guard let name = element.text("the name of a scheduler") else { continue }
            follows.schedulers.append(name)
            draft.schedulerReferences.append((name, element))
        }
        if let outcome = scheduler["outcome"] { follows.outcomes = readOutcomes(outcome) }
        return follows
    }

    private func readCron(of scheduler: YAMLMapping) -> Schedule.Timing? {
        var zone = "UTC"
        if let value = scheduler["timezone"], let name = value.text("the name of a time zone") {
            zone = name
            if ZoneBook.rule(named: name) == nil {
                value.expected("the name of a time zone, such as Europe/Berlin", nearest: NearestWord.to(name, among: ZoneBook.names))
            }
        }
        guard let value = scheduler.required("cron", "five fields, such as \"0 3 * * *\""), let text = value.text("five fields") else { return nil }
        do {
            return .cron(try CronExpression(text), zone: zone)
        } catch {
            value.report("found \"\(YAMLValue.quotable(text))\": \(error)")
            return nil
        }
    }

    private func readEvery(of scheduler: YAMLMapping) -> Schedule.Timing? {
        scheduler.required("every", "a duration, such as 6h")?.duration(atLeast: .seconds(1)).map { .every($0) }
    }

    /// Higher is sooner; the bounds leave room to multiply and add without overflow.
    static let priorities = -1000...1000

    private func readFilter(of scheduler: YAMLMapping) -> ChangeFilter {
        ChangeFilter(
            projects: readGlobs(scheduler["projects"], of: "projects"),
            repositories: readGlobs(scheduler["repositories"], of: "repositories"),
            branches: readGlobs(scheduler["branches"], of: "branches", refs: true),
            categories: readGlobs(scheduler["categories"], of: "categories"),
            files: readGlobs(scheduler["files"], of: "files"),
            ignoreFiles: readGlobs(scheduler["ignore_files"], of: "files"),
            condition: readCondition(scheduler["where"]))
    }
}
