import Domain

extension ConfigurationReader {
    mutating func readProject(_ value: YAMLValue) {
        guard let project = value.mapping("project", keys: ConfigurationKeys.project) else { return }
        let (name, place) = readName(of: project)
        let rule = ProjectRule(
            name: name, share: project["share"]?.integer(in: ProjectRule.shares) ?? 1, limit: project["limit"]?.integer(in: Self.limits),
            longestWait: project["longest_wait"]?.duration(atLeast: .seconds(1)))
        draft.projectRules.append(.init(value: rule, name: place))
    }
}
