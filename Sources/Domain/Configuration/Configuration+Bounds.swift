extension Configuration {
    /// The builders whose requests a limit or a lock can keep from a worker that is free.
    public var boundedBuilders: Set<String> {
        Set(builders.filter { limit != nil || $0.limit != nil || !$0.locks.isEmpty }.map(\.name))
    }

    /// The other builders that need a lock which this one needs.
    public func rivals(of builder: String) -> Set<String> {
        let locks = Set((self.builder(named: builder)?.locks ?? []).map(\.name))
        return Set(builders.filter { other in other.name != builder && other.locks.contains { locks.contains($0.name) } }.map(\.name))
    }
}
