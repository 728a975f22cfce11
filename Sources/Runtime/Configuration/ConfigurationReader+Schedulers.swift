import Domain

extension ConfigurationReader {
    mutating func readScheduler(_ value: YAMLValue) {
        // Keys are judged once the kind is known: those of a kind that does not exist would only hide the cause.
        guard let scheduler = value.mapping("scheduler", keys: ConfigurationKeys.scheduler, tolerant: true) else { return }
        let (name, place) = readName(of: scheduler)
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
        if let quiet = scheduler["quiet"]?.duration(atLeast: .zero) { read.quiet = quiet == .zero ? nil : quiet }
        if let priority = scheduler["priority"]?.integer(in: Self.priorities) { read.priority = priority }
        read.properties = readProperties(scheduler["properties"])
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

    /// Higher is sooner; the bounds leave room to multiply and add without overflow.
    static let priorities = -1000...1000

    private func readFilter(of scheduler: YAMLMapping) -> ChangeFilter {
        ChangeFilter(
            projects: readGlobs(scheduler["projects"], of: "projects"),
            repositories: readGlobs(scheduler["repositories"], of: "repositories"),
            branches: readGlobs(scheduler["branches"], of: "branches", refs: true),
            categories: readGlobs(scheduler["categories"], of: "categories"),
            files: readGlobs(scheduler["files"], of: "files"),
            ignoreFiles: readGlobs(scheduler["ignore_files"], of: "files"))
    }
}
