import Domain
import Foundation
import Logging
import Signals
import Storage
import Synchronization

/// Takes changes from exchanges that others own: one feed for each such source of the configuration. What makes no change is acknowledged, what makes
/// some when they are durable, and what makes no sense is moved aside with the reason.
public final class FeedIntake: Sendable {
    /// Judges messages; returns when what it took is durable.
    public typealias Judge = @Sendable ([FeedMessage]) async -> [FeedVerdict]
    /// Makes the feed of a source. Throws what somebody has to change; it is made again later.
    public typealias Make = @Sendable (FeedConfiguration, @escaping Judge) throws -> any Feed

    /// How one source stands.
    public struct Report: Hashable, Sendable {
        public var name: String
        public var status: FeedStatus
    }

    private struct Entry {
        var feed: FeedConfiguration
        var ties: SourceTies
        var runner: FeedRunner
        var task: Task<Void, Never>
    }

    private let store: any ChangeStore & SourceStore
    private let bell: any Doorbell
    private let current: @Sendable () -> AppliedConfiguration?
    private let make: Make
    private let logger: Logger
    private let budget = ChangeBudget()
    private let entries = Mutex<[String: Entry]>([:])
    private let loop = Mutex<Loop?>(nil)

    public init(
        store: any ChangeStore & SourceStore, bell: any Doorbell, configuration: @escaping @Sendable () -> AppliedConfiguration?, logger: Logger,
        make: @escaping Make
    ) {
        self.store = store
        self.bell = bell
        current = configuration
        self.make = make
        self.logger = logger
        let made = Loop(name: .intakeFeeds, bell: bell, logger: logger, onStop: { [weak self] in await self?.stop() }) { [weak self] in
            self?.pass()
            return nil
        }
        loop.withLock { $0 = made }
    }

    /// The loop that follows the configuration.
    public var loops: [Loop] { loop.withLock { $0.map { [$0] } ?? [] } }

    public func reports() -> [Report] {
        entries.withLock { $0.map { Report(name: $0.key, status: $0.value.runner.status) } }.sorted { $0.name < $1.name }
    }

    private func pass() {
        let configuration = current()?.configuration ?? Configuration(project: "")
        let feeds = configuration.feeds
        entries.withLock { entries in
            for (name, entry) in entries where !feeds.contains(entry.feed) || entry.ties != configuration.ties(of: name) {
                entry.task.cancel()
                entries[name] = nil
            }
            for feed in feeds where entries[feed.name] == nil {
                let ties = configuration.ties(of: feed.name)
                let runner = FeedRunner(
                    feed: feed, ties: ties, store: store, bell: bell, logger: logger, budget: budget,
                    limit: { [current] in current()?.configuration.sourceLimits[feed.name] }, make: make)
                entries[feed.name] = Entry(feed: feed, ties: ties, runner: runner, task: Task { await runner.run() })
            }
        }
    }

    private func stop() async {
        let tasks = entries.withLock { entries in
            defer { entries = [:] }
            return entries.values.map(\.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
