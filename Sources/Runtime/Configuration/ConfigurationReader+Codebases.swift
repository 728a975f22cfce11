import Domain

extension ConfigurationReader {
    mutating func readCodebase(_ value: YAMLValue) {
        guard let codebase = value.mapping("codebase", keys: ConfigurationKeys.codebase) else { return }
        var read = Codebase(name: "", repository: "")
        let place = codebase.required("name", "a name")
        if let place, let name = place.text("a name") {
            if Codebase.allows(name: name) {
                read = Codebase(name: name, repository: "")
            } else {
                place.expected("a name of at most \(Codebase.longestName) letters, digits and \"_\", beginning with a letter")
            }
        }
        if let git = codebase.required("repository", "the URL or path that git fetches from, as its changes name it") {
            read.repository = readRepository(git) ?? ""
        }
        if let branch = codebase["branch"]?.text("the name of a branch") { read.branch = branch }
        if let path = codebase["path"] {
            let found = readBuildPath(path)
            let parts = found.split(separator: "/", omittingEmptySubsequences: false)
            if found.contains("${") {
                path.expected("a path without properties: it is the same for every build")
            } else if parts.contains(where: { $0.isEmpty || $0 == "." || $0.lowercased() == ".git" }) {
                path.expected("a path such as \"lib\" or \"deps/lib\": no part of it is empty, \".\" or \".git\"")
            }
            read.path = found
        }
        read.credential = readCredential(codebase["credential"])
        draft.codebases.append(.init(value: read, name: read.name.isEmpty ? nil : place))
    }

    /// What `git` says in a source, too: a local path is meant from the directory of the file.
    mutating func readRepository(_ git: YAMLValue) -> String? {
        guard let text = git.text("a URL or a path") else { return nil }
        switch GitLocation(text) {
        case .refused(let why):
            git.report("found \"\(GitLocation.withoutSecrets(YAMLValue.quotable(text)))\", expected \(why)")
            return nil
        case .remote: return text
        case .local:
            let path = GitLocation.absolute(text, from: directory)
            if path != text { draft.resolvedPaths.append(path) }
            return path
        }
    }

    /// The codebases that a scheduler builds together, each once.
    mutating func readCodebaseNames(of scheduler: YAMLMapping, kind: SchedulerRule.Kind?) -> [String] {
        guard let value = scheduler["codebases"] else { return [] }
        if let kind, kind == .dependent || kind == .triggerable {
            scheduler.key("codebases")?.report(
                "found \"codebases\" in a scheduler of kind \"\(kind.rawValue)\", expected none: it builds what it follows at the same revisions")
            return []
        }
        if kind == .cron || kind == .periodic {
            for key in ["branch", "repository"] {
                scheduler.key(key)?.report("found \"\(key)\" beside \"codebases\", expected none: each codebase has its own")
            }
        }
        var names: [String] = []
        for element in value.list(of: "codebases") ?? [] {
            guard let name = element.text("the name of a codebase") else { continue }
            if names.contains(name) {
                element.report("found \"\(YAMLValue.quotable(name))\" a second time, expected each codebase once")
            } else {
                names.append(name)
                draft.codebaseReferences.append((name, element))
            }
        }
        return names
    }
}

extension ConfigurationDraft {
    /// Reports codebases that are not there, and those that could not be told apart.
    func refuseCodebases() {
        refuseUnknown(
            codebaseReferences, of: "codebase", known: codebases.map(\.value.name),
            otherwise: "there is none: they stand in \"codebases\" beside \"schedulers\"")
        for (place, codebase) in codebases.enumerated() {
            for earlier in codebases[..<place] { refuse(codebase, beside: earlier.value) }
        }
        let names = BuiltInProperty.names(for: codebases.map(\.value))
        for (properties, place) in builders.map({ ($0.value.properties, $0.name) }) + schedulers.map({ ($0.value.properties, $0.name) }) {
            for name in properties.keys.sorted() where names.contains(name) {
                place?.report("found the property \"\(name)\", expected another name: this one is set by Doorbell itself, for a codebase")
            }
        }
    }

    private func refuse(_ codebase: Part<Codebase>, beside earlier: Codebase) {
        let (own, name) = (codebase.value, codebase.name)
        // Variables are in capitals.
        if own.name != earlier.name, own.name.uppercased() == earlier.name.uppercased() {
            name?.report("found \"\(own.name)\" beside \"\(earlier.name)\", expected names that differ in more than the case of letters")
        }
        if own.repository == earlier.repository, !own.repository.isEmpty {
            name?.report("found the repository of \"\(earlier.name)\" again, expected one of its own: a change is of one codebase")
        }
        if own.path == earlier.path || own.path.hasPrefix(earlier.path + "/") || earlier.path.hasPrefix(own.path + "/") {
            name?.report(
                "found the path \"\(YAMLValue.quotable(own.path))\" beside \"\(YAMLValue.quotable(earlier.path))\" of \"\(earlier.name)\", "
                    + "expected paths of which none lies in the other")
        }
    }
}
