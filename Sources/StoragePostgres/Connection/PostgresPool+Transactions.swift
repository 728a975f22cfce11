import Domain
import Signals
import Storage

extension PostgresPool {
    /// Runs one transaction that writes; when this returns it is durable. Tried again when it lost against others, so its body may run more than once; when
    /// the answer to COMMIT was lost, the database is asked what became of it. It is not cancelled with its task: a caller that gives up must not leave open
    /// whether the state changed.
    ///
    /// - Throws: what the body throws, `StoreError`, or `Overloaded` when too many wait already.
    @discardableResult
    func transaction<T: Sendable>(
        _ doing: String, isolation: PostgresIsolation = .readCommitted, onCommit: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        try await attempt(doing, beginning: "BEGIN\(isolation.clause)", isWriting: true, onCommit: onCommit, body)
    }

    /// Runs reads that see one moment of the database, and that nobody's writes wait for. Ended with its task.
    func read<T: Sendable>(_ doing: String, _ body: @escaping @Sendable (PostgresTransaction) throws -> T) async throws -> T {
        try await attempt(doing, beginning: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", isWriting: false, onCommit: {}, body)
    }

    /// Runs blocking work with a connection outside any transaction: migrations, and questions about the server.
    func withConnection<T: Sendable>(_ doing: String, _ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        do {
            return try await withWorker(doing, body)
        } catch {
            throw wrap(error, doing)
        }
    }

    private enum Ending<T: Sendable>: Sendable {
        case committed(T)
        case failed(PostgresError)
        /// COMMIT was sent and its answer was lost.
        case unknown(PostgresTransactionNumber, PostgresAftermath, T)
    }

    private func attempt<T: Sendable>(
        _ doing: String, beginning: String, isWriting: Bool, onCommit: @escaping @Sendable () -> Void,
        _ body: @escaping @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        let backoff = Backoff(first: .milliseconds(2), longest: .milliseconds(200))
        for tries in 1... {
            let ending: Ending<T>
            do {
                ending = try await once(doing, beginning: beginning, isWriting: isWriting, body)
            } catch {
                throw wrap(error, doing)
            }
            switch ending {
            case .committed(let value):
                onCommit()
                return value
            case .unknown(let number, let aftermath, let value):
                if try await committed(number, doing) {
                    meter.committed()
                    aftermath.run()
                    onCommit()
                    return value
                }
            case .failed(let error):
                // A connection that broke before COMMIT changed nothing, and a new one may do; one that cannot be made need not be tried by everybody.
                let isBroken = error.isConnectionLost && !error.isConnectFailure && tries <= 2
                guard error.isRetryable || error.isSessionStale && tries <= 2 || isBroken, tries < limits.mostTries else { throw wrap(error, doing) }
            }
            meter.retried()
            try await Task.sleep(for: backoff.delay(failures: tries, random: .random(in: 0..<1)))
        }
        throw StoreError.unavailable("\(doing): other transactions got in the way again and again")
    }

    private func once<T: Sendable>(
        _ doing: String, beginning: String, isWriting: Bool, _ body: @escaping @Sendable (PostgresTransaction) throws -> T
    ) async throws -> Ending<T> {
        let opening = [PostgresConnection.Statement(beginning)] + localSettings
        do {
            return try await withWorker(doing, interruptible: !isWriting) { [meter] connection in
                let transaction = PostgresTransaction(connection, beginning: opening, isNumbered: isWriting)
                let value: T
                do {
                    value = try body(transaction)
                } catch {
                    transaction.rollBack()
                    throw error
                }
                guard isWriting else {
                    try transaction.endReading()
                    return .committed(value)
                }
                do throws(PostgresError) {
                    try transaction.commit()
                } catch {
                    if error.isConnectionLost, let number = transaction.number { return .unknown(number, transaction.aftermath, value) }
                    transaction.rollBack()
                    return .failed(error)
                }
                meter.committed()
                transaction.aftermath.run()
                return .committed(value)
            }
        } catch let error as PostgresError {
            return .failed(error)
        }
    }

    /// Behind a pooler nothing may be left in a session: the time-outs are set in each transaction.
    private var localSettings: [PostgresConnection.Statement] {
        address.usesSession ? [] : PostgresAddress.timeouts.map { .init("SET LOCAL \($0.name) = \($0.milliseconds)") }
    }

    /// Whether a transaction whose answer to COMMIT was lost is in the database; asked until that is back, for a bounded time.
    private func committed(_ transaction: PostgresTransactionNumber, _ doing: String) async throws -> Bool {
        let end = ContinuousClock.now + limits.longestDoubt
        let backoff = Backoff(first: .milliseconds(10), longest: .milliseconds(500))
        var asked = 0
        while ContinuousClock.now < end {
            switch try? await withWorker(doing, { try $0.fate(of: transaction) }) {
            case .committed: return true
            case .notCommitted: return false
            case .unknown:
                throw StoreError.unavailable("\(doing): \(Self.doubt), and its server crashed or was replaced: look, or repeat it with the same key")
            case .open, nil: break
            }
            asked += 1
            try await Task.sleep(for: backoff.delay(failures: asked, random: .random(in: 0..<1)))
        }
        throw StoreError.unavailable("\(doing): \(Self.doubt), which did not come back in time to say: look, or repeat it with the same key")
    }

    private static let doubt = "whether it was done is not known: the connection was lost while committing in the database"

    private func wrap(_ error: any Error, _ doing: String) -> any Error {
        (error as? PostgresError)?.storeError(doing: doing, at: address.description) ?? error
    }
}
