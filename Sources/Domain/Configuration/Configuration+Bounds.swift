extension Configuration {
    /// The builders whose requests a limit or a lock can keep from a worker that is free, or whose order depends on what is open.
    public var boundedBuilders: Set<String> {
        Set(builders.filter { limit != nil || !projects.isEmpty || $0.limit != nil || !$0.locks.isEmpty }.map(\.name))
    }

    /// Whether a request that waits may have to end by the clock.
    public var hasDeadlines: Bool { builders.contains { $0.deadline != nil } }

    /// Whether the end of a build of this builder, for this project, makes room for one that waits.
    public func isFreed(by builder: String, of project: String) -> Bool {
        if limit != nil || projects.contains(where: { $0.name == project && $0.limit != nil }) { return true }
        return self.builder(named: builder).map { $0.limit != nil || !$0.locks.isEmpty } ?? false
    }

    /// The other builders that need a lock which this one needs.
    public func rivals(of builder: String) -> Set<String> {
        let locks = Set((self.builder(named: builder)?.locks ?? []).map(\.name))
        return Set(builders.filter { other in other.name != builder && other.locks.contains { locks.contains($0.name) } }.map(\.name))
    }
}
