import Domain
import Signals
import Storage

extension PostgresPool {
    /// Runs one statement by itself, which commits when it ends: one message there, one back. Tried again when it lost against others or its answer was
    /// lost, so only for statements that may run twice.
    func single<T: Sendable>(
        _ doing: String, _ sql: String, _ arguments: [PostgresValue] = [], reading: @escaping @Sendable ([PostgresRow]) throws -> T
    ) async throws -> T {
        // Behind a pooler each statement needs a transaction that sets the time-outs.
        guard address.usesSession else { return try await transaction(doing) { try reading($0.all(sql, arguments)) } }
        let backoff = Backoff(first: .milliseconds(2), longest: .milliseconds(200))
        for tries in 1... {
            do {
                return try await withWorker(doing) { connection in
                    _ = connection.faults.take()
                    let value = try reading(connection.run([.init(sql, arguments)])[0].rows)
                    if let fault = connection.faults.take() {
                        throw PostgresError(sqlState: PostgresError.wrongType, message: fault, isConnectionLost: false)
                    }
                    return value
                }
            } catch let error as PostgresError {
                let mayTryAgain = error.isRetryable || tries <= 2 && (error.isSessionStale || error.isConnectionLost && !error.isConnectFailure)
                guard mayTryAgain, tries < limits.mostTries else { throw error.storeError(doing: doing, at: address.description) }
            }
            meter.retried()
            try await Task.sleep(for: backoff.delay(failures: tries, random: .random(in: 0..<1)))
        }
        throw StoreError.unavailable("\(doing): other transactions got in the way again and again")
    }

    /// The same for a statement that only writes.
    func single(_ doing: String, _ sql: String, _ arguments: [PostgresValue] = []) async throws {
        try await single(doing, sql, arguments) { _ in }
    }
}
