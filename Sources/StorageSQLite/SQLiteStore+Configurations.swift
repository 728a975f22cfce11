import Domain
import GRDB
import Storage

extension SQLiteStore: ConfigurationStore {
    public func currentConfiguration() async throws -> AppliedConfiguration? {
        applied.withLock { $0 }
    }

    public func apply(_ configuration: Domain.Configuration, digest: String) async throws -> (applied: AppliedConfiguration, changed: Bool) {
        try await write("applying a configuration") { transaction in
            if let current = transaction.applied, current.digest == digest { return (current, false) }
            return (try transaction.apply(configuration, digest: digest), true)
        }
    }
}

extension SQLiteTransaction {
    fileprivate func apply(_ configuration: Domain.Configuration, digest: String) throws -> AppliedConfiguration {
        try run(
            "INSERT INTO configurations (digest, document, applied, version) VALUES (?, ?, ?, 1)",
            [digest, try JSONText.encode(configuration), now.microseconds])
        let new = AppliedConfiguration(
            id: ConfigurationID(db.lastInsertedRowID), digest: digest, applied: now, configuration: configuration)
        let fact = ConfigFact(
            configuration: new.id, digest: digest, builders: configuration.builders.map(\.name),
            schedulers: configuration.schedulers.map(\.name), sources: configuration.sources.map(\.name))
        emit(
            EventDraft(
                .configApplied, entity: .config, id: new.id.rawValue,
                chain: EventChain(id: ChainID(deployment: store.deployment, scheduler: "config", trigger: new.id.description)),
                data: .config(fact)),
            version: 1)
        for builder in configuration.builders where applied?.configuration.builder(named: builder.name)?.labels != builder.labels {
            try repoint(builder)
        }
        whenCommitted { [store] in store.applied.withLock { $0 = new } }
        return new
    }

    /// Lets the open requests of a builder ask for the labels it has now. Claimed ones follow too: they may become pending again.
    private func repoint(_ builder: Builder) throws {
        let matchClass = try matchClass(of: builder)
        // Index: requests_open; the plus keeps the builder's whole history out of it.
        try run(
            "UPDATE requests SET match_class = ?1 WHERE +builder = ?2 AND phase <> 'finished' AND match_class <> ?1", [matchClass, builder.name])
    }

    /// The number of the class (builder, labels), made when it is new.
    func matchClass(of builder: Builder) throws -> Int64 {
        let labels = try JSONText.encode(builder.labels)
        if let known = try value(Int64.self, "SELECT id FROM match_classes WHERE builder = ? AND labels = ?", [builder.name, labels]) {
            return known
        }
        try run("INSERT INTO match_classes (builder, labels) VALUES (?, ?)", [builder.name, labels])
        return db.lastInsertedRowID
    }
}
