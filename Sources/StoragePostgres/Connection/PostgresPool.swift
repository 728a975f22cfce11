import Domain
import Storage
import Synchronization

/// A few connections, shared by everything in one process. Whoever finds none free waits its turn, for a bounded time and in a bounded queue.
final class PostgresPool: Sendable {
    private struct Waiter {
        var number: UInt64
        var continuation: CheckedContinuation<PostgresWorker, any Error>
    }

    private struct State {
        var idle: [PostgresWorker]
        var waiters: [Waiter] = []
        var busy = 0
        var numbers: UInt64 = 0
        var isClosed = false
    }

    let address: PostgresAddress
    private let meter = PostgresMeter()
    private let state: Mutex<State>

    private static let mostWaiting = 2000
    private static let longestWait: Duration = .seconds(20)
    /// Transactions that lost against others are tried this often.
    private static let mostTries = 8
    /// How long the fate of a commit whose answer was lost is asked for.
    private static let longestDoubt: Duration = .seconds(20)

    init(_ address: PostgresAddress, size: Int = 8, setUp: @escaping @Sendable (PostgresConnection) throws -> Void = { _ in }) {
        self.address = address
        let workers = (0..<size).map { PostgresWorker(address, name: "postgres-\($0)", setUp: setUp) }
        state = Mutex(State(idle: workers))
    }

    var statistics: PostgresStatistics { meter.statistics }

    /// Calls back, from any thread, when the database was away and is back.
    func onReconnect(_ told: @escaping @Sendable () -> Void) { meter.onReconnect(told) }

    /// Runs one transaction that writes; when this returns it is durable. Tried again when it lost against others; when the answer to COMMIT was lost,
    /// the database is asked what became of it. It is not cancelled with its task: a caller that gives up must not leave open whether the state changed.
    @discardableResult
    func transaction<T: Sendable>(
        _ doing: String, onCommit: @escaping @Sendable () -> Void = {}, _ body: @escaping @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        try await attempt(doing, beginning: "BEGIN", isNumbered: true, onCommit: onCommit, body)
    }

    /// Runs reads that see one moment of the database, and that nobody's writes wait for.
    func read<T: Sendable>(_ doing: String, _ body: @escaping @Sendable (PostgresTransaction) throws -> T) async throws -> T {
        try await attempt(doing, beginning: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", isNumbered: false, onCommit: {}, body)
    }

    /// Runs blocking work with a connection outside any transaction: migrations, and questions about the server.
    func withConnection<T: Sendable>(_ doing: String, _ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        let worker = try await take(doing)
        defer { give(back: worker) }
        do {
            return try await worker.perform(meter, body)
        } catch {
            throw wrap(error, doing)
        }
    }

    func close() async {
        let (idle, waiters) = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [] }
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: StoreError.unavailable("the store is closed")) }
        for worker in idle { await worker.discard() }
    }

    private enum Ending<T: Sendable>: Sendable {
        case committed(T)
        case failed(PostgresError)
        /// COMMIT was sent and its answer was lost.
        case unknown(number: String, T)
    }

    private func attempt<T: Sendable>(
        _ doing: String, beginning: String, isNumbered: Bool, onCommit: @escaping @Sendable () -> Void,
        _ body: @escaping @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        for number in 1... {
            let ending: Ending<T>
            do {
                ending = try await once(doing, beginning: beginning, isNumbered: isNumbered, body)
            } catch {
                throw wrap(error, doing)
            }
            switch ending {
            case .committed(let value):
                onCommit()
                return value
            case .unknown(let transaction, let value):
                if try await committed(transaction, doing) {
                    onCommit()
                    return value
                }
            case .failed(let error):
                // A connection that had died in the pool says nothing about the database: one more try with a new one.
                let isStale = error.isConnectionLost && number == 1
                guard error.isRetryable || isStale, number < Self.mostTries else { throw wrap(error, doing) }
            }
            meter.retried()
            try await Task.sleep(for: .milliseconds(Double.random(in: 0..<1) * Double(min(200, 2 << number))))
        }
        throw StoreError.unavailable("\(doing): other transactions got in the way again and again")
    }

    private func once<T: Sendable>(
        _ doing: String, beginning: String, isNumbered: Bool, _ body: @escaping @Sendable (PostgresTransaction) throws -> T
    ) async throws -> Ending<T> {
        let worker = try await take(doing)
        defer { give(back: worker) }
        let opening = [PostgresConnection.Statement(beginning)] + localSettings
        do {
            return try await worker.perform(meter) { [meter] connection in
                let transaction = PostgresTransaction(connection, beginning: opening, isNumbered: isNumbered)
                let value: T
                do {
                    value = try body(transaction)
                } catch {
                    if !connection.isBroken { _ = try? connection.run([.init("ROLLBACK")]) }
                    throw error
                }
                do throws(PostgresError) {
                    try transaction.commit()
                } catch {
                    if error.isConnectionLost, error.sqlState == nil, let number = transaction.number { return .unknown(number: number, value) }
                    if !connection.isBroken { _ = try? connection.run([.init("ROLLBACK")]) }
                    return .failed(error)
                }
                meter.committed()
                transaction.didCommit()
                return .committed(value)
            }
        } catch let error as PostgresError {
            return .failed(error)
        }
    }

    /// Behind a pooler nothing may be left in a session: the time-outs are set in each transaction.
    private var localSettings: [PostgresConnection.Statement] {
        address.usesSession ? [] : PostgresAddress.timeouts.map { .init("SET LOCAL \($0.0) = \($0.1)") }
    }

    /// What became of a transaction whose answer to COMMIT was lost; asked until the database is back, for a bounded time.
    private func committed(_ number: String, _ doing: String) async throws -> Bool {
        let end = ContinuousClock.now + Self.longestDoubt
        while ContinuousClock.now < end {
            let status = try? await withConnection(doing) { connection -> String? in
                try connection.run([.init("SELECT pg_xact_status($1::xid8)", [.text(number)])])[0].rows.first?[0]
            }
            switch status {
            case "committed": return true
            case "aborted": return false
            default: try await Task.sleep(for: .milliseconds(50))
            }
        }
        throw StoreError.unavailable(
            "\(doing): the connection was lost while committing, and the database did not come back to say what became of it")
    }

    private func wrap(_ error: any Error, _ doing: String) -> any Error {
        (error as? PostgresError)?.storeError(doing: doing, at: address.description) ?? error
    }
}

extension PostgresPool {
    private func take(_ doing: String) async throws -> PostgresWorker {
        if meter.statistics.isAway, !meter.mayConnect() {
            throw StoreError.unavailable("\(doing): the database \(address) is away; it is tried again every second or two")
        }
        let number = state.withLock { state in
            state.numbers += 1
            return state.numbers
        }
        let timer = Mutex<Task<Void, Never>?>(nil)
        defer { timer.withLock { $0 }?.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            let result: Result<PostgresWorker, any Error>? = state.withLock { state in
                if state.isClosed { return .failure(StoreError.unavailable("\(doing): the store is closed")) }
                if let worker = state.idle.popLast() {
                    state.busy += 1
                    return .success(worker)
                }
                guard state.waiters.count < Self.mostWaiting else {
                    return .failure(StoreError.unavailable("\(doing): \(Self.mostWaiting) transactions wait already"))
                }
                state.waiters.append(Waiter(number: number, continuation: continuation))
                return nil
            }
            report()
            if let result {
                continuation.resume(with: result)
            } else {
                timer.withLock { $0 = Task { [weak self] in await self?.giveUp(number, doing) } }
            }
        }
    }

    private func giveUp(_ number: UInt64, _ doing: String) async {
        do { try await Task.sleep(for: Self.longestWait) } catch { return }
        let waiter = state.withLock { state in state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) } }
        waiter?.continuation.resume(throwing: StoreError.unavailable("\(doing): no database connection became free in \(Self.longestWait)"))
    }

    private func give(back worker: PostgresWorker) {
        let waiter: Waiter? = state.withLock { state in
            if !state.waiters.isEmpty { return state.waiters.removeFirst() }
            state.idle.append(worker)
            state.busy -= 1
            return nil
        }
        report()
        waiter?.continuation.resume(returning: worker)
    }

    private func report() {
        let (busy, waiting) = state.withLock { ($0.busy, $0.waiters.count) }
        meter.counts(busy: busy, waiting: waiting)
    }
}
