extension Configuration {
    /// As it comes into force after another: each group knows since when it has its members. One that was left and joined again, or has other members, begins its
    /// lines anew, since what its sources saw meanwhile was told in none of them.
    public func succeeding(_ current: AppliedConfiguration?) -> Configuration {
        let (members, before) = (groupMembers, current?.configuration.groupMembers ?? [:])
        return settingSince { source, group in
            guard !group.grows else { return nil }
            let known = current?.configuration.mirrors[source]
            let isSame = known?.name == group.name && known?.grows == false && before[group.name] == members[group.name]
            return isSame ? known?.since : current?.id
        }
    }

    /// As an operator wrote it, without what `succeeding` says.
    public var written: Configuration { settingSince { _, _ in nil } }

    private func settingSince(_ since: (String, MirrorGroup) -> ConfigurationID?) -> Configuration {
        var configuration = self
        for (source, group) in mirrors { configuration.mirrors[source]?.since = since(source, group) }
        return configuration
    }

    /// The sources of each group, by its name.
    public var groupMembers: [String: Set<String>] {
        mirrors.reduce(into: [:]) { $0[$1.value.name, default: []].insert($1.key) }
    }
}
