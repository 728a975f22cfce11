import Domain

/// What a store says when a configuration is applied.
package protocol ConfigurationTransaction: StoreTransaction {
    /// Writes a configuration with version 1; where several processes write, after a lock that lets only one at a time do so.
    func insert(_ configuration: Configuration, digest: String) throws -> AppliedConfiguration
    /// Lets the open requests of a builder ask for the labels of this class. Claimed ones follow too: they may become pending again.
    func repoint(_ builder: String, to matchClass: Int64) throws
    /// A rule of the clock that is gone and comes back begins anew.
    func forgetSchedules(except schedulers: [String]) throws
}

extension ConfigurationTransaction {
    package func apply(_ configuration: Configuration, digest: String) throws -> (applied: AppliedConfiguration, changed: Bool) {
        let current = try currentConfiguration()
        if let current, current.digest == digest { return (current, false) }
        let new = try insert(configuration, digest: digest)
        let fact = ConfigFact(
            configuration: new.id, digest: digest, builders: configuration.builders.map(\.name),
            schedulers: configuration.schedulers.map(\.name), sources: configuration.sourceNames)
        emit(
            EventDraft(
                .configApplied, entity: .config, id: new.id.rawValue,
                chain: EventChain(id: ChainID(deployment: deployment, scheduler: "config", trigger: new.id.description)),
                data: .config(fact)),
            version: 1)
        try forgetSchedules(except: configuration.schedulers.map(\.name))
        for builder in configuration.builders where current?.configuration.builder(named: builder.name)?.labels != builder.labels {
            try repoint(builder.name, to: try matchClass(of: builder))
        }
        return (new, true)
    }
}
