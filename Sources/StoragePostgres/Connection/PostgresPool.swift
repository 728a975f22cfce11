import Domain
import Signals
import Storage
import Synchronization

/// A few connections, shared by everything in one process. Whoever finds none free waits its turn, for a bounded time and in a bounded queue.
///
/// A database that went away is tried by the pool itself until it is back, and everybody else is told at once that it is away.
final class PostgresPool: Sendable {
    struct Limits: Sendable {
        var connections = 8
        var mostWaiting = 2000
        var longestWait: Duration = .seconds(20)
        /// Transactions that lost against others are tried this often.
        var mostTries = 8
        /// How long the fate of a commit whose answer was lost is asked for.
        var longestDoubt: Duration = .seconds(20)
        /// How long the end of the pool waits for what runs.
        var drain: Duration = .seconds(10)
        var reconnecting = Backoff(first: .milliseconds(100), longest: .seconds(2))
    }

    private struct State {
        var queue: PostgresQueue
        var continuations: [UInt64: CheckedContinuation<Int, any Error>] = [:]
        var tickets: UInt64 = 0
        var expiring: Task<Void, Never>?
        var reconnecting: Task<Void, Never>?
        var drained: [CheckedContinuation<Void, Never>] = []
    }

    let address: PostgresAddress
    let limits: Limits
    let meter: PostgresMeter
    private let workers: [PostgresWorker]
    private let state: Mutex<State>

    init(
        _ address: PostgresAddress, limits: Limits = Limits(), setUp: @escaping @Sendable (PostgresConnection) throws -> Void = { _ in }
    ) {
        self.address = address
        self.limits = limits
        let meter = PostgresMeter()
        self.meter = meter
        workers = (0..<max(1, limits.connections)).map { PostgresWorker(address, meter: meter, name: "postgres-\($0)", setUp: setUp) }
        state = Mutex(State(queue: PostgresQueue(connections: limits.connections, mostWaiting: limits.mostWaiting)))
        meter.onLoss { [weak self] in self?.reconnect() }
    }

    convenience init(_ address: PostgresAddress, size: Int) {
        var limits = Limits()
        limits.connections = size
        self.init(address, limits: limits)
    }

    var statistics: PostgresStatistics {
        var statistics = meter.statistics
        state.withLock { state in
            statistics.busy = state.queue.busy
            statistics.waiting = state.queue.waiting
        }
        return statistics
    }

    /// Calls back, from any thread, when the database was away and is back.
    func onReconnect(_ told: @escaping @Sendable () -> Void) { meter.onReconnect(told) }

    /// Refuses everything new, lets what runs come to its end for a bounded time, and closes the connections.
    func close() async {
        let (waiting, tasks) = state.withLock { state in
            let waiting = state.queue.close().compactMap { state.continuations.removeValue(forKey: $0) }
            return (waiting, [state.expiring, state.reconnecting])
        }
        for task in tasks { task?.cancel() }
        for continuation in waiting { continuation.resume(throwing: StoreError.unavailable("the store is closed")) }
        let patience = Task { [limits, workers] in
            try await Task.sleep(for: limits.drain)
            for worker in workers { worker.interrupt.interrupt() }
        }
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                if !state.queue.isDrained { state.drained.append(continuation) }
                return state.queue.isDrained
            }
            if isDrained { continuation.resume() }
        }
        patience.cancel()
        for worker in workers { await worker.discard() }
    }

    /// Lends out a connection. The wait for one ends with the caller's task; what then runs does not, unless it is `interruptible`.
    func withWorker<T: Sendable>(
        _ doing: String, interruptible: Bool = false, _ body: @escaping @Sendable (PostgresConnection) throws -> T
    ) async throws -> T {
        let (number, ticket) = try await take(doing)
        defer { giveBack(number) }
        let worker = workers[number]
        guard interruptible else { return try await worker.perform(body) }
        return try await withTaskCancellationHandler {
            try await worker.perform(ticket: ticket, body)
        } onCancel: {
            worker.interrupt.interrupt(ticket)
        }
    }

    private func take(_ doing: String) async throws -> (number: Int, ticket: UInt64) {
        if let reason = meter.refusal {
            throw StoreError.unavailable("\(doing): the database \(address) is away (\(reason)); it is tried again and again")
        }
        let deadline = ContinuousClock.now + limits.longestWait
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        let number = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int, any Error>) in
                let answer: Result<Int, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    switch state.queue.ask(ticket, until: deadline) {
                    case .take(let number): return .success(number)
                    case .closed: return .failure(StoreError.unavailable("\(doing): the store is closed"))
                    case .full(let waiting): return .failure(Overloaded(what: "database transactions", waiting: waiting))
                    case .wait:
                        state.continuations[ticket] = continuation
                        if state.expiring == nil { state.expiring = Task { [weak self] in await self?.expire() } }
                        return nil
                    }
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            state.withLock { $0.queue.leave(ticket) ? $0.continuations.removeValue(forKey: ticket) : nil }?.resume(throwing: CancellationError())
        }
        return (number, ticket)
    }

    private func giveBack(_ number: Int) {
        let (waiter, drained) = state.withLock { state in
            let waiter = state.queue.giveBack(number).flatMap { state.continuations.removeValue(forKey: $0) }
            var drained: [CheckedContinuation<Void, Never>] = []
            if state.queue.isDrained { swap(&drained, &state.drained) }
            return (waiter, drained)
        }
        waiter?.resume(returning: number)
        for continuation in drained { continuation.resume() }
    }

    /// Runs while somebody waits.
    private func expire() async {
        while let deadline = state.withLock({ state in
            if state.queue.nextDeadline == nil { state.expiring = nil }
            return state.queue.nextDeadline
        }) {
            do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
            let expired = state.withLock { state in
                state.queue.expire(at: .now).compactMap { state.continuations.removeValue(forKey: $0) }
            }
            let refusal = StoreError.unavailable("no database connection became free in \(limits.longestWait): \(limits.connections) are all in use")
            for continuation in expired { continuation.resume(throwing: refusal) }
        }
    }

    /// Tries to connect until the database is back.
    private func reconnect() {
        state.withLock { state in
            guard state.reconnecting == nil, !state.queue.isClosed else { return }
            state.reconnecting = Task { [weak self] in
                var rounds = 0
                while let self, self.meter.statistics.isAway, !Task.isCancelled {
                    await self.tryToConnect()
                    rounds += 1
                    let pause = self.limits.reconnecting.delay(failures: rounds, random: .random(in: 0..<1))
                    if self.meter.statistics.isAway { try? await Task.sleep(for: pause) }
                }
                self?.reconnected()
            }
        }
    }

    private func tryToConnect() async {
        guard let number = state.withLock({ $0.queue.takeIdle() }) else { return }
        try? await workers[number].ping()
        giveBack(number)
    }

    private func reconnected() {
        state.withLock { $0.reconnecting = nil }
        // Lost once more in this moment.
        if meter.statistics.isAway { reconnect() }
    }
}
