import Domain
import Logging
import Signals
import Storage
import Synchronization

/// Does what the machines of the subscribers say, for one loop. The pass speaks with the store only; what is sent is sent beside it, and rings the loop when
/// there is an answer.
final class OutgoingCore: Sendable {
    typealias OutgoingSource = OutboxStore & OutgoingStore

    private struct Line {
        var machine: SubscriberMachine
        var target: any EventTarget
        var statistics = OutgoingStatistics()
    }

    private struct State {
        var lines: [String: Line] = [:]
        var tasks: [Int: Task<Void, Never>] = [:]
        var lastTask = 0
        var lastLook: ContinuousClock.Instant?
        var lastForgetting: ContinuousClock.Instant?
    }

    private let store: any OutgoingSource
    private let targets: @Sendable () async -> [any EventTarget]?
    private let name: String
    private let bounds: OutgoingBounds
    /// Where rings come from other processes one may be lost: how long to go without asking, when something runs a pass at all.
    private let trust: @Sendable () -> Duration
    private let clock: any LoopClock
    private let logger: Logger
    private let state = Mutex(State())
    private let news = Atomic<Bool>(true)
    private let look = Atomic<Bool>(true)
    private let ring = Mutex<@Sendable () -> Void>({})

    /// Steps of one subscriber in one pass.
    private static let stepsOfPass = 200
    private static let forgetting: Duration = .seconds(3600)
    /// How long what is on its way has, when the process stops.
    private static let longestGoodbye: Duration = .seconds(5)

    /// - Parameter targets: nil while the configuration is not known.
    init(
        store: any OutgoingSource, name: String, bounds: OutgoingBounds, trust: @escaping @Sendable () -> Duration, clock: any LoopClock,
        logger: Logger,
        targets: @escaping @Sendable () async -> [any EventTarget]?
    ) {
        self.store = store
        self.targets = targets
        self.name = name
        self.bounds = bounds
        self.trust = trust
        self.clock = clock
        self.logger = logger
    }

    func ringing(_ ring: @escaping @Sendable () -> Void) { self.ring.withLock { $0 = ring } }

    /// There may be events.
    func heardOfEvents() { news.store(true, ordering: .sequentiallyConsistent) }

    /// Somebody asked for something.
    func heardOfWork() { look.store(true, ordering: .sequentiallyConsistent) }

    var statistics: [(name: String, statistics: OutgoingStatistics)] {
        state.withLock { state in
            state.lines.sorted { $0.key < $1.key }.map { name, line in
                var statistics = line.statistics
                statistics.isLeading = line.machine.term != nil
                statistics.waiting = line.machine.aside.count
                statistics.failingSince = line.machine.failingSince
                return (name, statistics)
            }
        }
    }

    func rows() async throws -> [SubscriberRow] { try await store.subscribers() }

    func pass() async throws -> NextWake? {
        guard let targets = await targets() else { return nil }
        try await take(targets)
        guard !targets.isEmpty else { return try await forget(except: []) }
        let hasNews = news.exchange(false, ordering: .sequentiallyConsistent)
        let now = clock.now
        state.withLock { state in
            let isToLook = look.exchange(false, ordering: .sequentiallyConsistent)
            let isLate = !store.showsEventsAtOnce && state.lastLook.map { $0.duration(to: now) >= trust() } ?? true
            if isToLook || isLate { state.lastLook = now }
            for name in state.lines.keys { state.lines[name]?.machine.tell(news: hasNews || isLate, look: isToLook || isLate) }
        }
        do {
            return try await work()
        } catch {
            // What was told is not forgotten with the pass.
            if hasNews { heardOfEvents() }
            throw error
        }
    }

    private func work() async throws -> NextWake? {
        var wake: ContinuousClock.Instant?
        var isFull = false
        try await lead()
        for name in state.withLock({ $0.lines.keys.sorted() }) {
            var steps = 0
            stepping: while true {
                let step = state.withLock { $0.lines[name]?.machine.next(at: clock.now) ?? .rest(until: nil) }
                if case .rest(let until) = step {
                    if let until { wake = min(wake ?? until, until) }
                    break stepping
                }
                steps += 1
                guard steps <= Self.stepsOfPass else {
                    isFull = true
                    break stepping
                }
                try await take(step, of: name)
            }
        }
        let tidy = try await forget(except: state.withLock { Array($0.lines.keys) })
        if isFull { return .immediately }
        if case .at(let later)? = tidy { wake = min(wake ?? later, later) }
        return wake.map { .at($0) }
    }

    /// All that want a lease ask in one statement.
    private func lead() async throws {
        let names = state.withLock { state in
            state.lines.filter { $0.value.machine.wantsLease(at: clock.now) }.keys.sorted()
        }
        if !names.isEmpty { try await lead(names) }
    }

    private func lead(_ names: [String]) async throws {
        let asked = clock.now
        let found = try await store.lead(subscribers: names, as: name, for: bounds.lease)
        let begun = state.withLock { state in
            var begun: [SubscriberTerm] = []
            for name in names {
                let before = state.lines[name]?.machine.term
                state.lines[name]?.machine.answered(found.answers[name], now: found.now, askedAt: asked, at: clock.now)
                if let term = state.lines[name]?.machine.term, term != before { begun.append(term) }
            }
            return begun
        }
        for term in begun {
            logger.info("sending to a subscriber", metadata: [LogKey.subscriber: "\(term.subscriber)", LogKey.term: "\(term.number)"])
        }
    }

    private func take(_ step: SubscriberMachine.Step, of name: String) async throws {
        switch step {
        case .rest: break
        case .lead: try await lead([name])
        case .load:
            let waiting = try await store.waitingSendings(of: name)
            state.withLock { state in
                guard let target = state.lines[name]?.target else { return }
                state.lines[name]?.machine.loaded(waiting) { target.order(of: $0) ?? $0.messageID }
            }
        case .read(let cursor, let limit): try await read(after: cursor, limit, of: name)
        case .send(let event, let term): send(event, term, to: name)
        case .settle(let settlement): try await settle(settlement, of: name)
        }
    }

    private func read(after cursor: EventCursor, _ limit: Int, of name: String) async throws {
        do {
            let events = try await store.events(after: cursor, limit: limit)
            state.withLock { state in
                guard let target = state.lines[name]?.target else { return }
                state.lines[name]?.machine.read(events, isAll: events.count < limit) { target.order(of: $0) }
            }
        } catch let error as StoreError {
            guard case .conflict = error else { throw error }
            let oldest = try await store.oldestCursor()
            guard oldest.epoch == cursor.epoch, oldest > cursor else {
                state.withLock { $0.lines[name]?.machine.rewound() }
                return
            }
            logger.error(
                "events were dropped before they were sent",
                metadata: [LogKey.subscriber: "\(name)", LogKey.cursor: "\(cursor)", LogKey.oldest: "\(oldest)"])
            state.withLock { $0.lines[name]?.machine.skip(to: oldest) }
        }
    }

    private func settle(_ settlement: SubscriberSettlement, of name: String) async throws {
        let isDone = try await store.settle(settlement)
        state.withLock { state in
            state.lines[name]?.machine.settled(settlement, isDone: isDone)
            if isDone {
                state.lines[name]?.statistics.givenUp += UInt64(settlement.count(.givenUp))
            } else {
                state.lines[name]?.statistics.termsLost += 1
            }
        }
        for given in settlement.sendings where isDone && given.outcome == .givenUp {
            logger.error(
                "an event is given up: it can be sent again by hand",
                metadata: [
                    LogKey.subscriber: "\(name)", LogKey.event: "\(given.event.messageID)", LogKey.routingKey: "\(given.event.routingKey)",
                    LogKey.reason: "\(given.reason)",
                ])
        }
        if !isDone { logger.warning("another process sends to this subscriber, or the lease ran out", metadata: [LogKey.subscriber: "\(name)"]) }
    }

    private func send(_ event: EventRecord, _ term: SubscriberTerm, to name: String) {
        state.withLock { state in
            guard let target = state.lines[name]?.target else { return }
            state.lastTask += 1
            let number = state.lastTask
            state.tasks[number] = Task {
                let result = await target.send(event)
                self.sent(event, term, result, number)
            }
        }
    }

    private func sent(_ event: EventRecord, _ term: SubscriberTerm, _ result: SendResult, _ number: Int) {
        let name = term.subscriber
        let isFirst = state.withLock { state in
            state.tasks[number] = nil
            let before = state.lines[name]?.machine.failuresInARow
            switch result {
            case .arrived: state.lines[name]?.statistics.sent += 1
            case .failed: state.lines[name]?.statistics.failed += 1
            }
            state.lines[name]?.machine.sent(event, under: term, result, at: clock.now, random: Double.random(in: 0..<1))
            return before == 0
        }
        if case .failed(_, let reason) = result {
            // The first of a row is news, those after it are more of the same.
            logger.log(
                level: isFirst ? .warning : .debug, "an event did not arrive, and is tried again",
                metadata: [LogKey.subscriber: "\(name)", LogKey.event: "\(event.messageID)", LogKey.reason: "\(reason)"])
        }
        ring.withLock { $0 }()
    }

    /// The subscribers of the configuration, with what is known of those that were there before.
    private func take(_ targets: [any EventTarget]) async throws {
        let gone = state.withLock { state in
            var gone: [SubscriberTerm] = []
            let names = Set(targets.map(\.name))
            for name in state.lines.keys where !names.contains(name) {
                if let term = state.lines.removeValue(forKey: name)?.machine.term { gone.append(term) }
            }
            for target in targets {
                if state.lines[target.name] != nil {
                    state.lines[target.name]?.target = target
                } else {
                    state.lines[target.name] = Line(machine: SubscriberMachine(subscriber: target.name, bounds: bounds), target: target)
                }
            }
            return gone
        }
        try await store.resign(gone)
    }

    private func forget(except names: [String]) async throws -> NextWake? {
        let now = clock.now
        let isDue = state.withLock { state in
            guard state.lastForgetting.map({ $0.duration(to: now) >= Self.forgetting }) ?? true else { return false }
            state.lastForgetting = now
            return true
        }
        if isDue {
            for name in try await store.forgetSubscribers(except: names, idleFor: Self.forgetting) {
                logger.info("forgot a subscriber that the configuration does not have", metadata: [LogKey.subscriber: "\(name)"])
            }
        }
        // With no subscribers there is nothing that grows old.
        return names.isEmpty ? nil : .at((state.withLock { $0.lastForgetting } ?? now).advanced(by: Self.forgetting))
    }

    /// What is on its way has a moment; what is known then is written, and the leases are given back.
    func stop() async {
        let tasks = state.withLock { Array($0.tasks.values) }
        _ = try? await Bounded.run(within: Self.longestGoodbye) { for task in tasks { await task.value } }
        for task in tasks { task.cancel() }
        let last = state.withLock { state in
            state.lines.keys.sorted().compactMap { state.lines[$0]?.machine.stopped() }
        }
        do {
            for (_, settlement) in last { if let settlement { _ = try await store.settle(settlement) } }
            try await store.resign(last.map(\.term))
        } catch {
            logger.warning("what was sent last may be sent again, and the leases end by themselves", metadata: [LogKey.error: "\(error)"])
        }
    }
}
