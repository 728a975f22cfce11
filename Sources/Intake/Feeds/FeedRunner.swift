import Domain
import Foundation
import Logging
import Signals
import Storage
import Synchronization

/// One feed from its first connection to its end, made again whenever it cannot go on.
final class FeedRunner: Sendable {
    private struct State {
        var feed: (any Feed)?
        var trouble: String?
        var health: SourceHealth?
        /// Of feeds before the present one.
        var earlier = FeedStatus()
    }

    private let feed: FeedConfiguration
    private let store: any ChangeStore & SourceStore
    private let bell: any Doorbell
    private let logger: Logger
    private let make: FeedIntake.Make
    private let changes: FeedChanges
    private let budget: ChangeBudget
    private let limit: @Sendable () -> ChangeLimit?
    private let state = Mutex(State())

    init(
        feed: FeedConfiguration, ties: SourceTies, store: any ChangeStore & SourceStore, bell: any Doorbell, logger: Logger,
        budget: ChangeBudget = ChangeBudget(), limit: @escaping @Sendable () -> ChangeLimit? = { nil }, make: @escaping FeedIntake.Make
    ) {
        self.feed = feed
        self.store = store
        self.bell = bell
        self.logger = logger
        self.make = make
        self.budget = budget
        self.limit = limit
        changes = FeedChanges(feed: feed, ties: ties)
    }

    var status: FeedStatus {
        state.withLock { state in
            var status = state.feed?.status ?? FeedStatus()
            status.done += state.earlier.done
            status.poisoned += state.earlier.poisoned
            status.trouble = status.trouble ?? state.trouble
            return status
        }
    }

    func run() async {
        let watching = Task { await watch() }
        defer { watching.cancel() }
        let backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        var failures = 0
        while !Task.isCancelled {
            do {
                let made = try make(feed) { [weak self] in await self?.judge($0) ?? [] }
                state.withLock { state in
                    state.feed = made
                    state.trouble = nil
                }
                try await made.run()
                return
            } catch {
                state.withLock { state in
                    state.earlier.done += state.feed?.status.done ?? 0
                    state.earlier.poisoned += state.feed?.status.poisoned ?? 0
                    state.feed = nil
                    state.trouble = "\(error)"
                }
            }
            failures += 1
            try? await Task.sleep(for: backoff.delay(failures: failures, random: .random(in: 0..<1)))
        }
    }

    /// Makes the changes durable, however long the database is away: until then the broker keeps their messages.
    private func judge(_ messages: [FeedMessage]) async -> [FeedVerdict] {
        let read = messages.map { changes.read($0) }
        var refused: Set<Int> = []
        var group: [Int] = []
        var size = 0
        for place in read.indices {
            guard let count = try? read[place].get().count, count > 0 else { continue }
            if size + count > Self.mostChanges, !group.isEmpty {
                guard let more = await take(group, of: read) else { return [] }
                refused.formUnion(more)
                (group, size) = ([], 0)
            }
            group.append(place)
            size += count
        }
        guard let more = await take(group, of: read) else { return [] }
        refused.formUnion(more)
        return zip(messages, read).enumerated().map { place, pair in
            switch pair.1 {
            case .success: return refused.contains(place) ? .poison("the database refuses its changes; the intake's log says why") : .done
            case .failure(let problem):
                logger.warning(
                    "a message of a source makes no sense",
                    metadata: ["source": "\(feed.name)", "message": "\(pair.0.id ?? "")", "key": "\(pair.0.routingKey)", "reason": "\(problem)"])
                return .poison(problem.description)
            }
        }
    }

    /// Changes of one transaction, unless one message has more.
    private static let mostChanges = 1000

    /// Takes these messages' changes in one transaction, again and again until the database does. Gives the messages whose changes it never will, and nil
    /// when the feed was stopped meanwhile.
    private func take(_ group: [Int], of read: [Result<[NewChange], MappingProblem>]) async -> Set<Int>? {
        guard !group.isEmpty else { return [] }
        guard await hasRoom() else { return nil }
        let backoff = Backoff(first: .milliseconds(200), longest: .seconds(10))
        var failures = 0
        while true {
            do {
                _ = try await store.accept(group.flatMap { (try? read[$0].get()) ?? [] }, advancing: nil)
                budget.spend(group.reduce(0) { $0 + ((try? read[$1].get().count) ?? 0) }, of: feed.name, limit())
                bell.ring(.schedulingClassify)
                state.withLock { $0.trouble = nil }
                return []
            } catch is CancellationError {
                return nil
            } catch  where Self.mayBeTheChanges(error) {
                if group.count > 1 {
                    var refused: Set<Int> = []
                    for place in group {
                        guard let more = await take([place], of: read) else { return nil }
                        refused.formUnion(more)
                    }
                    return refused
                }
                // The message is to blame only where the database does other things.
                if (try? await store.sourceState(feed.name)) != nil {
                    logger.error("changes cannot be kept", metadata: ["source": "\(feed.name)", "error": "\(error)"])
                    return Set(group)
                }
                state.withLock { $0.trouble = "\(error); messages wait at the broker" }
            } catch {
                state.withLock { $0.trouble = "the database cannot take changes (\(error)); messages wait at the broker" }
            }
            failures += 1
            do { try await Task.sleep(for: backoff.delay(failures: failures, random: .random(in: 0..<1))) } catch { return nil }
        }
    }

    /// Waits for as long as the source has brought more than its limit says: the broker keeps what follows. False when the feed was stopped meanwhile.
    private func hasRoom() async -> Bool {
        while let limit = limit() {
            let wait = budget.wait(feed.name, limit)
            guard wait > .zero else { break }
            state.withLock { $0.trouble = "it brought more than \(limit.text); messages wait at the broker" }
            // Bounded, so that a limit that is lifted is noticed.
            do { try await Task.sleep(for: min(wait, .seconds(5))) } catch { return false }
        }
        return true
    }

    /// Everything else is wrong with the database or its settings, and will be mended.
    static func mayBeTheChanges(_ error: any Error) -> Bool {
        switch error as? StoreError {
        case .internalError, .conflict, .notFound: true
        default: false
        }
    }

    /// Keeps how the source stands, when that differs from the last time.
    private func watch() async {
        while !Task.isCancelled {
            let status = status
            let isKnown = status.isConnected || status.trouble != nil
            let known = state.withLock { $0.health }
            if isKnown, known == nil || known?.message != status.trouble || known?.healthy != (status.trouble == nil) {
                let health = SourceHealth(
                    healthy: status.trouble == nil, message: status.trouble, since: Timestamp(seconds: Date().timeIntervalSince1970))
                do {
                    try await store.recordSourceHealth(feed.name, health)
                    state.withLock { $0.health = health }
                } catch {
                    logger.info("the health of a source cannot be kept", metadata: ["source": "\(feed.name)", "error": "\(error)"])
                }
                if let trouble = status.trouble {
                    logger.warning("a source cannot be read", metadata: ["source": "\(feed.name)", "problem": "\(trouble)"])
                }
            }
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
        }
    }
}
