import Domain

/// What the files said, before the parts are held against each other.
struct ConfigurationDraft {
    /// A part with the place of its name; nil when it has no usable one.
    struct Part<Value> {
        var value: Value
        var name: YAMLValue?
    }

    var projects: [(name: String, value: YAMLValue)] = []
    var sources: [Part<SourceConfiguration>] = []
    var mercurial: [Part<MercurialConfiguration>] = []
    var hooks: [Part<HookConfiguration>] = []
    var feeds: [Part<FeedConfiguration>] = []
    var directories: [Part<DirectoryConfiguration>] = []
    var lists: [Part<JSONPollConfiguration>] = []
    var sourceLimits: [String: ChangeLimit] = [:]
    var sourceProjects: [String: String] = [:]
    /// Where sources name others that tell of the same repository.
    var mirrors: [(source: String, other: String, value: YAMLValue)] = []
    var codebases: [Part<Codebase>] = []
    var schedulers: [Part<SchedulerRule>] = []
    var builders: [Part<Builder>] = []
    /// By the names of the builders that have one.
    var matrices: [String: BuilderMatrix] = [:]
    var locks: [Part<Lock>] = []
    var secrets: [Part<Secret>] = []
    /// Where steps name secrets.
    var secretReferences: [(name: String, value: YAMLValue)] = []
    var projectRules: [Part<ProjectRule>] = []
    var consumers: [Part<EventConsumer>] = []
    var webhooks: [Part<Webhook>] = []
    var limits: [(limit: Int, value: YAMLValue)] = []
    var untrusted: [(rule: UntrustedRule, value: YAMLValue)] = []
    /// Where schedulers name builders.
    var builderReferences: [(name: String, value: YAMLValue)] = []
    /// Where schedulers name codebases.
    var codebaseReferences: [(name: String, value: YAMLValue)] = []
    /// Where builders name locks.
    var lockReferences: [(name: String, value: YAMLValue)] = []
    /// Where schedulers name schedulers.
    var schedulerReferences: [(name: String, value: YAMLValue)] = []
    /// Where steps name schedulers.
    var triggerReferences: [(name: String, value: YAMLValue)] = []
    /// Local paths that were resolved against the place of their file.
    var resolvedPaths: [String] = []

    /// Reports what only shows when all files are known, and puts the configuration together.
    func assemble(problems: ProblemCollector) -> Configuration {
        let polled = sources.map { ($0.value.name, $0.name) } + mercurial.map { ($0.value.name, $0.name) }
        let told = hooks.map { ($0.value.name, $0.name) } + feeds.map { ($0.value.name, $0.name) }
        let dropped = directories.map { ($0.value.name, $0.name) }
        let listed = lists.map { ($0.value.name, $0.name) }
        refuseRepeats(of: "source", polled + told + dropped + listed)
        refuseRepeats(of: "scheduler", schedulers.map { ($0.value.name, $0.name) })
        refuseRepeats(of: "builder", builders.map { ($0.value.name, $0.name) })
        refuseRepeats(of: "project", projectRules.map { ($0.value.name, $0.name) })
        refuseRepeats(of: "codebase", codebases.map { ($0.value.name, $0.name) })
        refuseRepeats(of: "lock", locks.map { ($0.value.name, $0.name) })
        refuseRepeats(of: "consumer", consumers.map { ($0.value.name, $0.name) })
        refuseRepeats(of: "webhook", webhooks.map { ($0.value.name, $0.name) })
        refuseRepeats(of: "secret", secrets.map { ($0.value.name, $0.name) })
        let expanded = expanded(problems: problems)
        // The names of variants are theirs alone.
        if Set(builders.map(\.value.name)).count == builders.count {
            refuseRepeats(of: "builder", expanded.builders.map { ($0.value.name, $0.name) })
        }
        let builderNames =
            builders.map(\.value.name) + expanded.builders.map(\.value.name).filter { name in !builders.contains { $0.value.name == name } }
        refuseUnknown(builderReferences, of: "builder", known: builderNames, otherwise: "there is none")
        refuseUnknown(
            lockReferences, of: "lock", known: locks.map(\.value.name), otherwise: "there is none: they stand in \"locks\" beside \"builders\"")
        refuseUnknown(
            secretReferences, of: "secret", known: secrets.map(\.value.name),
            otherwise: "there is none: they stand in \"secrets\" beside \"builders\"")
        refuseRepeats(of: "project", projects.map(\.value))
        refuseRepeats(of: "limit", limits.map(\.value))
        refuseRepeats(of: "untrusted", untrusted.map(\.value))
        refuseUnknown(schedulerReferences + triggerReferences, of: "scheduler", known: schedulers.map(\.value.name), otherwise: "there is none")
        let configuration = Configuration(
            project: projects.first?.name ?? "", sources: sources.map(\.value), mercurial: mercurial.map(\.value), hooks: hooks.map(\.value),
            feeds: feeds.map(\.value), directories: directories.map(\.value), lists: lists.map(\.value),
            sourceLimits: sourceLimits, mirrors: mirrorGroups(), sourceProjects: sourceProjects, codebases: codebases.map(\.value),
            schedulers: expanded.schedulers.map(\.value), builders: expanded.builders.map(\.value), locks: locks.map(\.value),
            limit: limits.first?.limit, secrets: secrets.map(\.value),
            untrusted: untrusted.first?.rule, projects: projectRules.map(\.value),
            consumers: consumers.map(\.value), webhooks: webhooks.map(\.value))
        expanded.refuseCircles(of: configuration)
        expanded.refuseUnmetNeeds(of: configuration)
        expanded.refuseTriggers(of: configuration)
        expanded.refuseCodebases()
        return configuration
    }

    private func refuseCircles(of configuration: Configuration) {
        if let circle = configuration.circleOfSchedulers(), let first = circle.first {
            schedulers.first { $0.value.name == first }?.name?.report(
                "found schedulers that follow each other in a circle (\(circle.joined(separator: " follows "))), expected one that follows none of the others"
            )
        }
        guard let circle = configuration.circleOfNeeds(), let first = circle.first else { return }
        builders.first { $0.value.name == first }?.name?.report(
            "found builders that need each other in a circle (\(circle.joined(separator: " needs "))), expected one that needs none of the others")
    }

    /// Started without what it needs, a builder would not wait for it; nobody means that.
    private func refuseUnmetNeeds(of configuration: Configuration) {
        for scheduler in schedulers {
            for name in scheduler.value.builders {
                guard let builder = configuration.builder(named: name) else { continue }
                for need in builder.needs where !scheduler.value.builders.contains(need.builder) {
                    scheduler.name?.report(
                        "found builder \"\(name)\" without \"\(YAMLValue.quotable(need.builder))\", which it needs: "
                            + "expected both among the builders of the scheduler")
                }
            }
        }
    }

    func refuseUnknown(_ references: [(name: String, value: YAMLValue)], of what: String, known: [String], otherwise: String) {
        let known = known.filter { !$0.isEmpty }
        for reference in references where !known.contains(reference.name) {
            let expectation = known.isEmpty ? "the name of a \(what) (\(otherwise))" : "a \(what): " + YAMLValue.oneOf(known)
            reference.value.expected(expectation, nearest: NearestWord.to(reference.name, among: known))
        }
    }

    /// A key of which there is one in the whole configuration.
    private func refuseRepeats(of key: String, _ values: [YAMLValue]) {
        for repeated in values.dropFirst() {
            repeated.report("found \"\(key)\" a second time, expected it in one file only; the first is at \(values[0].place)")
        }
    }

    private func refuseRepeats(of what: String, _ parts: [(name: String, value: YAMLValue?)]) {
        var seen: [String: YAMLValue] = [:]
        for (name, value) in parts {
            guard let value else { continue }
            if let earlier = seen[name] {
                value.report(
                    "found a second \(what) \"\(YAMLValue.quotable(name))\", expected a name of its own; the first is at \(earlier.place)")
            } else {
                seen[name] = value
            }
        }
    }
}
