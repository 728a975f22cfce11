import Domain
import Logging
import Storage
import Synchronization

/// Keeps the configuration in force: reads the file, applies it to the store when it changed, and remembers what the store last said.
///
/// A file that cannot be read as a configuration changes nothing: its problems are logged, and what was in force stays.
public actor ConfigurationKeeper {
    public enum Outcome: Sendable {
        case applied(AppliedConfiguration)
        /// The file was the last one applied, or there is none; nil when nothing was ever applied.
        case unchanged(AppliedConfiguration?)
        case refused(ConfigurationProblems)
    }

    /// The file or directory that this process was started with.
    public nonisolated let path: String?
    private let store: any ConfigurationStore
    private let logger: Logger
    private let onApplied: @Sendable (AppliedConfiguration) -> Void
    private nonisolated let onNewer: @Sendable (AppliedConfiguration) -> Void
    private nonisolated let cached = Mutex<AppliedConfiguration?>(nil)
    /// What ends last of all that was begun.
    private var last: Task<Outcome, any Error>?

    /// - Parameters:
    ///   - path: the file or directory; nil keeps to what the store has and to what is sent.
    ///   - onApplied: called after this process has committed a new configuration: tell the other processes.
    ///   - onNewer: called when this process knows a newer configuration than before, whoever applied it: ring the loops that read it.
    public init(
        store: any ConfigurationStore, path: String?, logger: Logger, onApplied: @escaping @Sendable (AppliedConfiguration) -> Void = { _ in },
        onNewer: @escaping @Sendable (AppliedConfiguration) -> Void = { _ in }
    ) {
        self.store = store
        self.path = path
        self.logger = logger
        self.onApplied = onApplied
        self.onNewer = onNewer
    }

    /// What is in force, as far as this process knows: as of the last `reload` or `refresh`.
    public nonisolated var current: AppliedConfiguration? { cached.withLock { $0 } }

    /// Reads what another process may have applied.
    @discardableResult
    public func refresh() async throws -> AppliedConfiguration? {
        remember(try await store.currentConfiguration())
        return current
    }

    /// Reads the file and applies it if it is another than the last one applied; throws only when the store fails.
    public func reload(audit: AuditNote? = nil) async throws -> Outcome {
        try await inTurn { keeper in
            guard let path = keeper.path else { return .unchanged(try await keeper.refresh()) }
            return try await keeper.take(audit: audit) { () throws(ConfigurationProblems) in try ConfigurationLoader.load(path: path) }
        }
    }

    /// Applies files that somebody sent; throws only when the store fails, or refuses with `StoreError.conflict` what was meant to follow another revision.
    ///
    /// - Parameters:
    ///   - by: who has them applied, as they say it.
    ///   - expect: the revision that they are meant to follow; nil: whichever is in force.
    ///   - audit: put on record with it.
    public func apply(
        _ files: [(name: String, text: String)], by: String? = nil, expect: ConfigurationID? = nil, audit: AuditNote? = nil
    ) async throws -> Outcome {
        try await inTurn { keeper in
            try await keeper.take(by: by, expect: expect, audit: audit) { () throws(ConfigurationProblems) in
                try ConfigurationLoader.load(files: files)
            }
        }
    }

    /// Applies what was read before: an earlier revision, again. Throws as `apply` does.
    public func apply(_ revision: NewRevision) async throws -> Outcome {
        try await inTurn { keeper in try await keeper.commit(revision) }
    }

    /// Each waits for the one before it, so that an older file never overtakes a newer one.
    private func inTurn(_ work: @escaping @Sendable (ConfigurationKeeper) async throws -> Outcome) async throws -> Outcome {
        let before = last
        let task = Task<Outcome, any Error> {
            _ = await before?.result
            return try await work(self)
        }
        last = task
        return try await task.value
    }

    private func take(
        by: String? = nil, expect: ConfigurationID? = nil, audit: AuditNote? = nil, _ load: () throws(ConfigurationProblems) -> LoadedConfiguration
    ) async throws -> Outcome {
        let loaded: LoadedConfiguration
        do {
            loaded = try load()
        } catch {
            for problem in error.problems.prefix(ConfigurationProblems.mostShown) {
                logger.error("configuration refused", metadata: ["problem": "\(problem)"])
            }
            try await refresh()
            return .refused(error)
        }
        return try await commit(NewRevision(loaded.configuration, digest: loaded.digest, by: by, expect: expect, audit: audit))
    }

    private func commit(_ revision: NewRevision) async throws -> Outcome {
        let (applied, changed) = try await store.apply(revision)
        remember(applied)
        guard changed else {
            logger.info("configuration unchanged", metadata: ["configuration": "\(applied.id)"])
            return .unchanged(applied)
        }
        logger.info("configuration applied", metadata: ["configuration": "\(applied.id)", "digest": "\(applied.digest)"])
        onApplied(applied)
        return .applied(applied)
    }

    /// Answers may overtake each other; a later number always wins.
    private nonisolated func remember(_ applied: AppliedConfiguration?) {
        guard let applied else { return }
        let isNewer = cached.withLock { known in
            guard known.map({ $0.id < applied.id }) ?? true else { return false }
            known = applied
            return true
        }
        if isNewer { onNewer(applied) }
    }
}
