import Synchronization

/// Counts for one pool, from many threads, and knows whether the database is there.
final class PostgresMeter: Sendable {
    private struct State {
        var statistics = PostgresStatistics()
        /// Attempts to connect in a row that failed, and why the last one did.
        var failures = 0
        var reason = ""
        var away: @Sendable () -> Void = {}
        var back: [@Sendable () -> Void] = []
    }
    private let state = Mutex(State())

    var statistics: PostgresStatistics { state.withLock { $0.statistics } }
    var losses: UInt64 { state.withLock { $0.statistics.connectionsLost } }
    /// Why nobody needs to try to connect now; nil when it can be tried.
    var refusal: String? { state.withLock { $0.failures > 0 ? $0.reason : nil } }
    var failures: Int { state.withLock { $0.failures } }

    /// Calls back each time when the database is away.
    func onLoss(_ told: @escaping @Sendable () -> Void) { state.withLock { $0.away = told } }
    /// Calls back, from any thread, when the database was away and is back.
    func onReconnect(_ told: @escaping @Sendable () -> Void) { state.withLock { $0.back.append(told) } }

    func opened() { state.withLock { $0.statistics.open += 1 } }
    func closed() { state.withLock { $0.statistics.open -= 1 } }

    func connected() {
        let told: [@Sendable () -> Void] = state.withLock { state in
            state.statistics.connects += 1
            state.failures = 0
            defer { state.statistics.isAway = false }
            return state.statistics.isAway ? state.back : []
        }
        for tell in told { tell() }
    }

    func failed(_ error: any Error) {
        leave { state in
            state.statistics.connectFailures += 1
            state.failures += 1
            state.reason = (error as? PostgresError)?.message ?? "it could not be set up"
        }
    }

    func lost() { leave { $0.statistics.connectionsLost += 1 } }

    private func leave(_ change: @Sendable (inout State) -> Void) {
        let away = state.withLock { state in
            change(&state)
            state.statistics.isAway = true
            return state.away
        }
        away()
    }

    func ran(statements: UInt64, roundTrips: UInt64) {
        state.withLock { state in
            state.statistics.statements += statements
            state.statistics.roundTrips += roundTrips
        }
    }

    func committed() { state.withLock { $0.statistics.transactions += 1 } }
    func retried() { state.withLock { $0.statistics.retries += 1 } }
}
