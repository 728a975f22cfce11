import Domain
import Foundation
import Logging
import Storage
import Synchronization

/// One look at a directory that others drop changes into: each file, in order of name, is accepted and then moved out of the way. What was accepted before
/// this process could move it is recognised.
final class DirectoryLook: SourceLook {
    /// Files of one look.
    static let batch = 500

    private let source: DirectoryConfiguration
    private let ties: SourceTies
    private let changes: DirectoryChanges
    private let directory: DropDirectory
    private let store: any ChangeStore & SourceStore
    private let logger: Logger
    private let wake: @Sendable () -> Void
    private let watch = Mutex<DirectoryWatch?>(nil)

    init(
        source: DirectoryConfiguration, ties: SourceTies, store: any ChangeStore & SourceStore, logger: Logger, wake: @escaping @Sendable () -> Void
    ) {
        self.source = source
        self.ties = ties
        self.store = store
        self.logger = logger
        self.wake = wake
        changes = DirectoryChanges(source: source, project: ties.project)
        directory = DropDirectory(path: source.directory)
    }

    /// The directory itself is the position.
    func forget() {}

    func look() async throws -> SourcePoll.Outcome {
        guard try await directory.open() else { return SourcePoll.Outcome() }
        do {
            let outcome = try await take()
            await directory.close()
            return outcome
        } catch {
            await directory.close()
            throw error
        }
    }

    private func take() async throws -> SourcePoll.Outcome {
        // Before the names are read: what is dropped after that rings.
        try await arm()
        var outcome = SourcePoll.Outcome()
        // What a process before this one did not bring to its end comes first.
        for name in try await directory.begun() { outcome.accepted += try await settle(name) }
        let names = try await directory.names(most: Self.batch + 1)
        for name in names.prefix(Self.batch) {
            try Task.checkCancellation()
            guard try await directory.begin(name) else { continue }
            outcome.accepted += try await settle(name)
        }
        outcome.more = names.count > Self.batch
        outcome.complaint = try await directory.complaint()
        return outcome
    }

    /// Takes the changes of a file that is held, and moves it to where it belongs. Gives how many were new.
    private func settle(_ name: String) async throws -> Int {
        switch try await directory.read(name) {
        case .gone:
            return 0
        case .bad(let reason):
            try await setAside(name, reason)
            return 0
        case .file(let file):
            let read: [NewChange]
            do {
                read = try changes.read(file)
            } catch {
                try await setAside(name, error.description)
                return 0
            }
            var accepted = 0
            if !read.isEmpty {
                do {
                    accepted = try await store.accept(ties.told(read), advancing: nil).filter(\.created).count
                } catch  where FeedRunner.mayBeTheChanges(error) {
                    // The file is to blame only where the database does other things.
                    _ = try await store.sourceState(source.name)
                    logger.error("changes cannot be kept", metadata: ["source": "\(source.name)", "error": "\(error)"])
                    try await setAside(name, "the database refuses its changes; the intake's log says why")
                    return 0
                }
            }
            logger.info("file taken", metadata: ["source": "\(source.name)", "file": "\(name)", "changes": "\(read.count)"])
            try await directory.finish(name, keeping: source.accepted == .keep)
            return accepted
        }
    }

    private func setAside(_ name: String, _ reason: String) async throws {
        logger.warning("a file of a source makes no sense", metadata: ["source": "\(source.name)", "file": "\(name)", "reason": "\(reason)"])
        try await directory.setAside(name, reason: reason)
    }

    /// Rings from now on when a file comes. Without that, the beat of the source finds it.
    private func arm() async throws {
        let identity = try await directory.identity()
        if watch.withLock({ $0?.identity == identity && $0?.isOver == false }) { return }
        let made = await directory.watch(identity, wake: wake)
        watch.withLock { $0 = made }
    }
}
