import Domain

/// What may go wrong where sources tell of one repository.
extension ConfigurationWarnings {
    /// Groups in which nobody looks where the branches stand.
    static func blindGroups(of configuration: Configuration) -> [String] {
        let looking = Set(configuration.sources.map(\.name) + configuration.mercurial.map(\.name))
        return configuration.groupMembers.sorted { $0.key < $1.key }.filter { looking.isDisjoint(with: $0.value) }.map { name, members in
            "no source of the group of \(name) (\(members.sorted().joined(separator: ", "))) looks at its repository: what all of them lose is lost; "
                + "add a git or mercurial source to it"
        }
    }

    /// Repositories whose calls would be taken for those of a group with a hook, as both have the same name; not those that have a hook of their own.
    static func sameNames(of configuration: Configuration) -> [String] {
        let members = configuration.groupMembers
        let hooks = Set(configuration.hooks.map(\.name))
        let addresses = configuration.sources.map { ($0.name, $0.git) } + configuration.mercurial.map { ($0.name, $0.repository) }
        return members.sorted { $0.key < $1.key }.flatMap { name, sources -> [String] in
            let told = sources.intersection(hooks).sorted()
            let own = Set(addresses.filter { sources.contains($0.0) }.map { longName($0.1) })
            guard !told.isEmpty, let last = own.first?.split(separator: "/").last else { return [] }
            return addresses.filter { source, address in
                let others = configuration.mirrors[source].flatMap { members[$0.name] } ?? []
                return !sources.contains(source) && others.isDisjoint(with: hooks) && MirrorGroup.lastPart(of: address) == last
                    && !own.contains(longName(address))
            }.map { source, _ in
                "\(source) reads another repository that is called \(last), as that of the group of \(name) is: if \(told.joined(separator: " or ")) "
                    + "tells of both, the moves of both stand in one line; let each repository call a hook of its own"
            }
        }
    }

    /// `shop/storefront`.
    private static func longName(_ address: String) -> String { MirrorGroup.parts(of: address).suffix(2).joined(separator: "/") }
}
