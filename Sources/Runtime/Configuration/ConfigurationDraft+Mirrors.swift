import Domain

extension ConfigurationDraft {
    /// What the sources of a group have to have in common.
    private struct Member {
        /// Nil where the calls or messages say it themselves.
        var commits: SourceConfiguration.Commits?
        /// Of what Doorbell reads itself.
        var repository: String?
        /// Nil where it may be either.
        var isMercurial: Bool?
    }

    /// The sources that tell of one repository with others, each with its group. A mirror of a mirror is one of the root; circles, names that are not there and
    /// sources that cannot tell of the same are reported.
    func mirrorGroups() -> [String: MirrorGroup] {
        let members = members
        refuseUnknown(mirrors.map { ($0.other, $0.value) }, of: "source", known: members.keys.sorted(), otherwise: "there is no other")
        let others = Dictionary(mirrors.map { ($0.source, $0.other) }) { first, _ in first }
        var groups: [String: [String]] = [:]
        for (source, _, value) in mirrors where members[source] != nil {
            var way = [source]
            while let next = others[way.last ?? source], !way.contains(next) { way.append(next) }
            guard let root = way.last, others[root] == nil else {
                let circle = (way + [others[way.last ?? source] ?? ""]).map { YAMLValue.quotable($0) }.joined(separator: " mirrors ")
                value.report("found sources that mirror each other in a circle (\(circle)), expected one that mirrors none of the others")
                continue
            }
            guard let first = members[root], let member = members[source] else { continue }
            groups[root, default: [root]].append(source)
            refuse(member, named: source, beside: [first] + groups[root, default: []].dropFirst().dropLast().compactMap { members[$0] }, root, value)
        }
        var made: [String: MirrorGroup] = [:]
        for (root, sources) in groups {
            let group = MirrorGroup(name: root, grows: sources.contains { members[$0]?.isMercurial == true })
            for source in sources { made[source] = group }
        }
        return made
    }

    private func refuse(_ member: Member, named source: String, beside others: [Member], _ root: String, _ value: YAMLValue) {
        let (name, group) = (YAMLValue.quotable(source), YAMLValue.quotable(root))
        if let commits = member.commits, let other = others.lazy.compactMap(\.commits).first, other != commits {
            value.report(
                "found \"\(name)\" with \"commits: \(commits.rawValue)\" in the group of \"\(group)\", whose others have "
                    + "\"commits: \(other.rawValue)\", expected the same of all that tell of one repository")
        }
        if let repository = member.repository, let other = others.lazy.compactMap(\.repository).first,
            MirrorGroup.lastPart(of: repository) != MirrorGroup.lastPart(of: other)
        {
            value.report(
                "found \"\(name)\" in the group of \"\(group)\" with a repository of another name, expected the same last part of both addresses, "
                    + "\"\(YAMLValue.quotable(MirrorGroup.lastPart(of: other)))\"")
        }
        if let isMercurial = member.isMercurial, let other = others.lazy.compactMap(\.isMercurial).first, other != isMercurial {
            value.report("found a git and a Mercurial repository in the group of \"\(group)\", expected sources that tell of one repository")
        }
    }

    /// By their names.
    private var members: [String: Member] {
        var members: [String: Member] = [:]
        for source in sources.map(\.value) {
            members[source.name] = Member(commits: source.commits, repository: source.git, isMercurial: false)
        }
        for source in mercurial.map(\.value) {
            members[source.name] = Member(commits: source.commits, repository: source.repository, isMercurial: true)
        }
        for hook in hooks.map(\.value) {
            switch hook.forge {
            case .github, .gitlab, .gitea, .bitbucket: members[hook.name] = Member(commits: hook.commits, isMercurial: false)
            // They list no commits.
            case .bitbucketServer, .gerrit: members[hook.name] = Member(commits: .tip, isMercurial: false)
            case .generic: members[hook.name] = Member()
            }
        }
        for name in feeds.map(\.value.name) + directories.map(\.value.name) + lists.map(\.value.name) { members[name] = Member() }
        members[""] = nil
        return members
    }
}
