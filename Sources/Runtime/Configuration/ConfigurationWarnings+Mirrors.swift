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
}
