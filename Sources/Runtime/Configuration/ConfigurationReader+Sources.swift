import Domain

extension ConfigurationReader {
    mutating func readSource(_ value: YAMLValue) {
        if case .mapping(let mapping) = value.node {
            if mapping.contains(where: { $0.key.string == "hook" }) { return readHook(value) }
            if mapping.contains(where: { $0.key.string == "amqp" }) { return readFeed(value) }
            if mapping.contains(where: { $0.key.string == "mercurial" }) { return readMercurial(value) }
            if mapping.contains(where: { $0.key.string == "directory" }) { return readDirectory(value) }
            if mapping.contains(where: { $0.key.string == "json" }) { return readList(value) }
        }
        guard let source = value.mapping("source", keys: ConfigurationKeys.source) else { return }
        let (name, place) = readName(of: source)
        readTies(of: source, name)
        var read = SourceConfiguration(name: name, git: "")
        if let git = source.required("git", "the URL or path that git fetches from") { read.git = readRepository(git) ?? "" }
        if source.has("branches") { read.branches = readGlobs(source["branches"], of: "branches", refs: true) }
        read.tags = readGlobs(source["tags"], of: "tags", refs: true)
        if let every = source["every"]?.duration(atLeast: .seconds(1)) { read.every = every }
        if let timeout = source["timeout"]?.duration(atLeast: .seconds(1)) { read.timeout = timeout }
        if let commits = source["commits"]?.choice(of: SourceConfiguration.Commits.allCases.map(\.rawValue)) {
            read.commits = SourceConfiguration.Commits(rawValue: commits) ?? read.commits
        }
        read.credential = readCredential(source["credential"])
        draft.sources.append(.init(value: read, name: place))
    }

    /// What a source of any kind may say: how much it brings, for which project, and who else tells of its repository.
    mutating func readTies(of source: YAMLMapping, _ name: String) {
        readLimit(of: source, name)
        if let value = source["project"], let project = readName(value) { draft.sourceProjects[name] = project }
        if let value = source["mirror_of"], let other = readName(value) { draft.mirrors.append((name, other, value)) }
    }

    private mutating func readLimit(of source: YAMLMapping, _ name: String) {
        guard let value = source["limit"], let limit = value.mapping("limit", keys: ConfigurationKeys.sourceLimit),
            let changes = limit.required("changes", "how many changes")?.integer(in: Self.limits),
            let per = limit.required("per", "in which time, such as 1m")?.duration(atLeast: .seconds(1), atMost: .seconds(86_400))
        else { return }
        draft.sourceLimits[name] = ChangeLimit(changes: changes, per: per)
    }
}
