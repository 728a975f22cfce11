import Domain
import Foundation
import Logging
import ServiceLifecycle
import Signals
import Storage
import Synchronization

/// Watches the sources of the configuration that are polled: each on its own beat, none waiting for another.
public final class SourcePoller: Sendable {
    /// How one source stands, for those who ask.
    public struct Report: Hashable, Sendable {
        public var name: String
        public var lastContact: ContinuousClock.Instant?
        public var problem: String?
        public var nextAttempt: ContinuousClock.Instant?
    }

    struct Entry {
        var poll: SourcePoll
        var running: Task<Void, Never>?
        /// Somebody asked for a poll while one was running.
        var again = false
        /// Somebody asked this process: it polls even where another has the source's lease.
        var isAsked = false
        var next: ContinuousClock.Instant
        var failures = 0
        var contacts = 0
        /// Until when no other process polls it, counted from before the lease was asked for.
        var leasedUntil: ContinuousClock.Instant?
        var lastContact: ContinuousClock.Instant?
        var problem: String?
    }

    private let store: any ChangeStore & SourceStore
    /// Names this poller among those of other processes.
    private let name: String
    private let bell: any Doorbell
    private let dataDirectory: String
    private let configuration: @Sendable () -> AppliedConfiguration?
    private let logger: Logger
    private let budget = ChangeBudget()
    private let entries = Mutex<[String: Entry]>([:])
    /// Made last: its pass needs the poller. Rung by itself, and by nobody in other processes: how a source stands is no concern of theirs.
    private let loop = Mutex<Loop?>(nil)
    private let contact: AsyncStream<Void>
    private let contacted: AsyncStream<Void>.Continuation

    public init(
        store: any ChangeStore & SourceStore, name: String = UUID().uuidString.lowercased(), bell: any Doorbell, dataDirectory: String,
        configuration: @escaping @Sendable () -> AppliedConfiguration?,
        logger: Logger
    ) {
        self.name = name
        self.store = store
        self.bell = bell
        self.dataDirectory = dataDirectory
        self.configuration = configuration
        self.logger = logger
        (contact, contacted) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let made = Loop(name: .intakePoll, bell: bell, logger: logger, onStop: { [weak self] in await self?.stop() }) { [weak self] in self?.pass() }
        loop.withLock { $0 = made }
    }

    /// The loop that starts polls when they are due. It keeps its own time and needs no sweep.
    public var loops: [Loop] { loop.withLock { $0.map { [$0] } ?? [] } }

    private func look() {
        for loop in loops { loop.ring() }
    }

    /// How each source stands.
    public func reports() -> [Report] {
        entries.withLock { entries in
            entries.map { Report(name: $0.key, lastContact: $0.value.lastContact, problem: $0.value.problem, nextAttempt: $0.value.next) }
                .sorted { $0.name < $1.name }
        }
    }

    /// Polls a source now, whatever its beat. False when the configuration does not have it.
    @discardableResult
    public func pollNow(_ source: String) -> Bool {
        let known = entries.withLock { entries in
            guard var entry = entries[source] else { return false }
            let limit = configuration()?.configuration.sourceLimits[source]
            entry.next = .now + budget.wait(source, limit)
            entry.again = entry.running != nil
            entry.isAsked = true
            entries[source] = entry
            return true
        }
        if known { look() }
        return known
    }

    /// Waits until each source has been tried once.
    public func waitForFirstContact(within bound: Duration) async {
        let deadline = Task {
            try? await Task.sleep(for: bound)
            contacted.yield()
        }
        defer { deadline.cancel() }
        let end = ContinuousClock.now + bound
        for await _ in contact where ContinuousClock.now >= end || allTried { return }
    }

    private var allTried: Bool {
        let wanted = configuration().map { PolledSource.all(of: $0.configuration).count } ?? 0
        return entries.withLock { $0.count == wanted && $0.values.allSatisfy { $0.contacts > 0 } }
    }

    /// Follows the configuration and starts what is due. A slow remote holds up nobody: each poll is a task of its own, one a source.
    private func pass() -> NextWake? {
        let configuration = configuration()?.configuration
        let sources = (configuration.map { PolledSource.all(of: $0) } ?? []).map { (source: $0, ties: configuration?.ties(of: $0.name)) }
        let now = ContinuousClock.now
        let next: ContinuousClock.Instant? = entries.withLock { entries in
            for name in entries.keys where !sources.contains(where: { $0.source.name == name }) {
                entries.removeValue(forKey: name)?.running?.cancel()
            }
            for (source, ties) in sources where entries[source.name]?.poll.source != source || entries[source.name]?.poll.ties != ties {
                guard let ties else { continue }
                entries[source.name]?.running?.cancel()
                let look = source.look(ties: ties, dataDirectory: dataDirectory, store: store, logger: logger) { [weak self] in
                    self?.pollNow(source.name)
                }
                let poll = SourcePoll(source: source, ties: ties, look: look, store: store, logger: logger)
                entries[source.name] = Entry(poll: poll, next: now)
            }
            for (name, entry) in entries where entry.running == nil && entry.next <= now {
                entries[name]?.running = Task { await self.poll(name, entry.poll) }
            }
            return entries.values.filter { $0.running == nil }.map(\.next).min()
        }
        if sources.isEmpty { contacted.yield() }
        return next.map { .at($0) }
    }

    private func poll(_ name: String, _ poll: SourcePoll) async {
        let outcome = await leased(name, poll)
        let limit = configuration()?.configuration.sourceLimits[name]
        budget.spend(outcome.accepted, of: name, limit)
        let wait = budget.wait(name, limit)
        if outcome.accepted > 0 { bell.ring(.schedulingClassify) }
        entries.withLock { entries in
            guard var entry = entries[name], entry.poll === poll else { return }
            entry.running = nil
            entry.contacts += 1
            entry.problem = outcome.problem ?? outcome.complaint
            if outcome.problem == nil {
                entry.failures = 0
                entry.lastContact = .now
            } else {
                entry.failures += 1
            }
            let pause = entry.failures == 0 ? poll.source.every : poll.source.pause(failures: entry.failures)
            let isWanted = outcome.more || entry.again
            entry.again = false
            // What is beyond the source's limit stays where it is for now.
            entry.next = .now + max(wait, isWanted ? .zero : pause)
            entries[name] = entry
        }
        contacted.yield()
        look()
    }

    /// Polls a source when no other process does, or when this one was asked to. That the position is moved by one only, the store sees to; the lease saves the work of the others.
    private func leased(_ name: String, _ poll: SourcePoll) async -> SourcePoll.Outcome {
        guard poll.source.isLeased else { return await poll.run() }
        let now = ContinuousClock.now
        // Over the next beat, but never long: when this process is killed, another polls soon.
        let period = min(max(.seconds(60), poll.source.every * 2), .seconds(300))
        let (until, isAsked) = entries.withLock { entries in
            defer { entries[name]?.isAsked = false }
            return (entries[name]?.leasedUntil, entries[name]?.isAsked == true)
        }
        if isAsked, until == nil {
            // Another may have moved the position since.
            poll.forget()
            return await poll.run()
        }
        if until.map({ now.duration(to: $0) < period / 2 }) ?? true {
            do {
                let isOurs = try await store.leaseSource(name, to: self.name, for: period)
                entries.withLock { $0[name]?.leasedUntil = isOurs ? now.advanced(by: period) : nil }
                guard isOurs else {
                    // Whoever has it moves the position.
                    poll.forget()
                    return SourcePoll.Outcome()
                }
            } catch is CancellationError {
                return SourcePoll.Outcome()
            } catch {
                return SourcePoll.Outcome(problem: "\(error)")
            }
        }
        return await poll.run()
    }

    private func stop() async {
        let running = entries.withLock { $0.values.compactMap(\.running) }
        for task in running { task.cancel() }
        for task in running { await task.value }
        // Another takes over at once; without this, when the leases end.
        guard entries.withLock({ $0.values.contains { $0.leasedUntil != nil } }) else { return }
        try? await Bounded.run(within: .seconds(2)) { [store, name] in try await store.releaseSources(of: name) }
    }
}
