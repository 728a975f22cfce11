import Domain

extension ConfigurationReader {
    /// A source that is a Mercurial repository.
    mutating func readMercurial(_ value: YAMLValue) {
        guard let source = value.mapping("Mercurial source", keys: ConfigurationKeys.mercurial) else { return }
        let (name, place) = readName(of: source)
        readTies(of: source, name)
        var read = MercurialConfiguration(name: name, repository: "")
        if let remote = source["mercurial"], let text = remote.text("a URL or a path") { read.repository = mercurialLocation(text, at: remote) ?? "" }
        if source.has("branches") { read.branches = readGlobs(source["branches"], of: "branches", refs: true) }
        if let every = source["every"]?.duration(atLeast: .seconds(1)) { read.every = every }
        if let timeout = source["timeout"]?.duration(atLeast: .seconds(1)) { read.timeout = timeout }
        if let commits = source["commits"]?.choice(of: SourceConfiguration.Commits.allCases.map(\.rawValue)) {
            read.commits = SourceConfiguration.Commits(rawValue: commits) ?? read.commits
        }
        read.credential = readCredential(source["credential"])
        draft.mercurial.append(.init(value: read, name: place))
    }

    private mutating func mercurialLocation(_ text: String, at value: YAMLValue) -> String? {
        switch GitLocation(text) {
        case .local:
            let path = GitLocation.absolute(text, from: directory)
            if path != text { draft.resolvedPaths.append(path) }
            return path
        case .remote where text.contains("://") && !text.lowercased().hasPrefix("git://"):
            return text
        case .remote:
            value.expected("a URL of https://, http://, ssh:// or file://, or a path")
        case .refused(let why):
            value.report("found \"\(GitLocation.withoutSecrets(YAMLValue.quotable(text)))\", expected \(why)")
        }
        return nil
    }
}
