import Domain
import Foundation
import Logging
import Storage
import Synchronization

/// Looks at one source, time and again, and keeps how that went.
final class SourcePoll: Sendable {
    struct Outcome: Sendable {
        var accepted = 0
        /// Nil when the source was read.
        var problem: String?
        /// It was read, but somebody has to look after something in it.
        var complaint: String?
        /// There is a backlog: look again at once.
        var more = false
    }

    private struct Memory {
        var health: SourceHealth?
        var isLoaded = false
    }

    let source: PolledSource
    let ties: SourceTies
    private let look: any SourceLook
    private let store: any ChangeStore & SourceStore
    private let logger: Logger
    // Only one poll of a source runs at a time; the lock is for the compiler's peace and costs nothing.
    private let memory = Mutex(Memory())

    init(source: PolledSource, ties: SourceTies, look: any SourceLook, store: any ChangeStore & SourceStore, logger: Logger) {
        self.source = source
        self.ties = ties
        self.look = look
        self.store = store
        self.logger = logger
    }

    func run() async -> Outcome {
        do {
            let outcome = try await look.look()
            await remember(problem: outcome.complaint)
            return outcome
        } catch is CancellationError {
            return Outcome()
        } catch let StoreError.conflict(text) {
            // Somebody else moved the position: what they did not see is found at the next look.
            forget()
            logger.notice("the source's position was moved by another", metadata: ["source": "\(source.name)", "detail": "\(text)"])
            return Outcome(more: true)
        } catch {
            guard !Task.isCancelled else { return Outcome() }
            forget()
            let problem = "\(error)"
            await remember(problem: problem)
            return Outcome(problem: problem)
        }
    }

    /// Others may have moved the source's position, or told how it stands: both are read again at the next look.
    func forget() {
        look.forget()
        memory.withLock { $0.isLoaded = false }
    }

    /// Writes how the contact went, when it went otherwise than the last time.
    private func remember(problem: String?) async {
        do {
            if !memory.withLock({ $0.isLoaded }) {
                let health = try await store.sourceState(source.name).health
                memory.withLock { $0 = Memory(health: health, isLoaded: true) }
            }
            let known = memory.withLock { $0.health }
            guard known?.message != problem || known == nil else { return }
            let health = SourceHealth(healthy: problem == nil, message: problem, since: Timestamp(seconds: Date().timeIntervalSince1970))
            try await store.recordSourceHealth(source.name, health)
            memory.withLock { $0.health = health }
            if problem == nil, known != nil { logger.notice("a source can be read again", metadata: ["source": "\(source.name)"]) }
        } catch {
            logger.warning("the health of a source cannot be kept", metadata: ["source": "\(source.name)", "error": "\(error)"])
        }
        if let problem { logger.warning("a source cannot be read", metadata: ["source": "\(source.name)", "problem": "\(problem)"]) }
    }
}
