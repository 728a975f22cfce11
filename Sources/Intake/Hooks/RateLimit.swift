import Synchronization

/// How much one source may ask for: so many at once, and so many a second after that.
final class RateLimit: Sendable {
    private struct State {
        var tokens: Double
        var filled: ContinuousClock.Instant
    }

    private let burst: Double
    private let perSecond: Double
    private let states = Mutex<[String: State]>([:])

    init(burst: Int, perSecond: Int) {
        self.burst = Double(burst)
        self.perSecond = Double(perSecond)
    }

    /// Whether one more is allowed.
    func take(_ name: String, at now: ContinuousClock.Instant = .now) -> Bool {
        states.withLock { states in
            var state = states[name] ?? State(tokens: burst, filled: now)
            let passed = state.filled.duration(to: now)
            let seconds = Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
            state.tokens = min(burst, state.tokens + seconds * perSecond)
            state.filled = now
            defer { states[name] = state }
            guard state.tokens >= 1 else { return false }
            state.tokens -= 1
            return true
        }
    }
}
