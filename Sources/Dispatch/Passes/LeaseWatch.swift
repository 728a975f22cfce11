import Domain
import Signals
import Storage
import Synchronization

/// Whether leases may be in force, and since when they could have been renewed.
final class LeaseWatch: Sendable {
    private struct State {
        var reachability: Reachability
        /// Builds may be leased. True at the start: an earlier process may have left some.
        var isArmed = true
    }

    private let clock: any StoreClock
    private let monotonic: any LoopClock
    private let period: Duration
    private let state: Mutex<State>

    init(clock: any StoreClock, monotonic: any LoopClock, period: Duration) {
        self.clock = clock
        self.monotonic = monotonic
        self.period = period
        let start = Reachability.Moment(wall: clock.now(), monotonic: monotonic.now)
        state = Mutex(State(reachability: Reachability(start: start)))
    }

    var now: Reachability.Moment { Reachability.Moment(wall: clock.now(), monotonic: monotonic.now) }

    var since: Reachability.Moment { state.withLock { $0.reachability.since } }

    /// True when there was a gap before this tick.
    func tick() -> Bool { state.withLock { $0.reachability.tick(now) } }

    /// Nil when leases may be ended now, else when to ask again.
    var expiryBegins: ContinuousClock.Instant? {
        state.withLock { state in
            let now = now
            guard !state.reachability.mayExpire(at: now, period: period) else { return nil }
            return max(state.reachability.expiryBegins(period: period), now.monotonic.advanced(by: .seconds(1)))
        }
    }

    var isArmed: Bool { state.withLock { $0.isArmed } }

    /// Builds were leased. True when nobody watched for their end before.
    func arm() -> Bool {
        state.withLock { state in
            defer { state.isArmed = true }
            return !state.isArmed
        }
    }

    func disarm() { state.withLock { $0.isArmed = false } }

    /// Runs a call of the store, and learns from it whether the store can be reached.
    func watching<Answer: Sendable>(_ call: @Sendable () async throws -> Answer) async throws -> Answer {
        do {
            let answer = try await call()
            state.withLock { $0.reachability.storeDidAnswer(now) }
            return answer
        } catch let error as StoreError {
            if case .unavailable = error { state.withLock { $0.reachability.storeDidFail() } }
            throw error
        }
    }
}
