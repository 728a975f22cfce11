import Synchronization

/// What the pool's connections did, for metrics; and whether the database is away.
public struct PostgresStatistics: Hashable, Sendable {
    public internal(set) var connects: UInt64 = 0
    public internal(set) var connectFailures: UInt64 = 0
    public internal(set) var connectionsLost: UInt64 = 0
    public internal(set) var statements: UInt64 = 0
    public internal(set) var roundTrips: UInt64 = 0
    public internal(set) var transactions: UInt64 = 0
    public internal(set) var retries: UInt64 = 0
    /// Connections that are in use, and callers that wait for one.
    public internal(set) var busy = 0
    public internal(set) var waiting = 0
    public internal(set) var isAway = false

    public init() {}
}

/// Counts for one pool, from many threads; tells once when the database is back.
final class PostgresMeter: Sendable {
    private struct State {
        var statistics = PostgresStatistics()
        var failures = 0
        var notBefore: ContinuousClock.Instant?
        var backAgain: [@Sendable () -> Void] = []
    }
    private let state = Mutex(State())

    var statistics: PostgresStatistics { state.withLock { $0.statistics } }

    func onReconnect(_ told: @escaping @Sendable () -> Void) {
        state.withLock { $0.backAgain.append(told) }
    }

    /// Nil when connecting may be tried; else how the waiting is explained: a database that is away is not asked by everybody at once.
    func mayConnect() -> Bool {
        state.withLock { $0.notBefore.map { $0 <= .now } ?? true }
    }

    func connected() {
        let told: [@Sendable () -> Void] = state.withLock { state in
            state.statistics.connects += 1
            state.failures = 0
            state.notBefore = nil
            defer { state.statistics.isAway = false }
            return state.statistics.isAway ? state.backAgain : []
        }
        for tell in told { tell() }
    }

    func failed() {
        state.withLock { state in
            state.statistics.connectFailures += 1
            state.statistics.isAway = true
            state.failures += 1
            let whole = Duration.milliseconds(min(2000, 50 << min(state.failures, 6)))
            state.notBefore = .now + whole / 2 + whole / 2 * Double.random(in: 0..<1)
        }
    }

    func lost() {
        state.withLock { state in
            state.statistics.connectionsLost += 1
            state.statistics.isAway = true
        }
    }

    func ran(statements: UInt64, roundTrips: UInt64) {
        state.withLock { state in
            state.statistics.statements += statements
            state.statistics.roundTrips += roundTrips
        }
    }

    func committed() { state.withLock { $0.statistics.transactions += 1 } }
    func retried() { state.withLock { $0.statistics.retries += 1 } }
    func counts(busy: Int, waiting: Int) {
        state.withLock { state in
            state.statistics.busy = busy
            state.statistics.waiting = waiting
        }
    }
}
