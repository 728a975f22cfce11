import Domain

/// The classes of one builder, by what buildsets demand.
package struct DemandClasses {
    package var plain: Int64
    package var untrusted: Int64
    package var patched: Int64
    package var both: Int64
}

/// What a store says when a configuration is applied.
package protocol ConfigurationTransaction: StoreTransaction {
    /// Writes a configuration with version 1; where several processes write, after a lock that lets only one at a time do so.
    func insert(_ new: NewRevision) throws -> AppliedConfiguration
    /// Lets the open requests of a builder ask for the labels of these classes, each for what its buildset demands. Claimed ones follow too: they may become
    /// pending again.
    /// - Parameter ofCodebases: those of builds of several codebases, or those of all others.
    func repoint(_ builder: String, to classes: DemandClasses, ofCodebases: Bool) throws
    /// A rule of the clock that is gone and comes back begins anew.
    func forgetSchedules(except schedulers: [String]) throws
}

extension ConfigurationTransaction {
    package func apply(_ revision: NewRevision) throws -> (applied: AppliedConfiguration, changed: Bool) {
        let current = try currentConfiguration()
        // Before anything is expected: it may be the repeat of what came first.
        if let current, current.digest == revision.digest { return (current, false) }
        if let expected = revision.expect, expected != current?.id {
            let found = current.map { "revision \($0.id)" } ?? "no configuration"
            throw StoreError.conflict("\(found) is in force, not \(expected): look at what it changed, then apply to that")
        }
        var revision = revision
        revision.configuration = revision.configuration.succeeding(current)
        let configuration = revision.configuration
        let new = try insert(revision)
        if let audit = revision.audit { try write(audit, target: AuditTarget("config", new.id, project: configuration.project)) }
        let fact = ConfigFact(
            configuration: new.id, digest: new.digest, builders: configuration.builders.map(\.name),
            schedulers: configuration.schedulers.map(\.name), sources: configuration.sourceNames, by: revision.by,
            restores: revision.restores)
        emit(
            EventDraft(
                .configApplied, entity: .config, id: new.id.rawValue,
                chain: EventChain(id: ChainID(deployment: deployment, scheduler: "config", trigger: new.id.description)),
                data: .config(fact)),
            version: 1)
        try forgetSchedules(except: configuration.schedulers.map(\.name))
        let accepts = current?.configuration.untrusted != configuration.untrusted
        let haveCodebases = !configuration.codebases.isEmpty || current?.configuration.codebases.isEmpty == false
        for builder in configuration.builders where accepts || current?.configuration.builder(named: builder.name)?.labels != builder.labels {
            for ofCodebases in haveCodebases ? [false, true] : [false] {
                func matchClass(_ untrusted: Bool, _ patched: Bool) throws -> Int64 {
                    let demand = Demand(untrusted: untrusted, patched: patched, ofCodebases: ofCodebases)
                    return try self.matchClass(of: configuration.asked(of: builder, by: demand))
                }
                try repoint(
                    builder.name,
                    to: DemandClasses(
                        plain: matchClass(false, false), untrusted: matchClass(true, false), patched: matchClass(false, true),
                        both: matchClass(true, true)), ofCodebases: ofCodebases)
            }
        }
        return (new, true)
    }
}
