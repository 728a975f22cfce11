import Domain
import Synchronization

/// What each source may still bring here. What comes at once comes as a whole, however much it is, and is worked off afterwards: a limit slows a source down, and
/// keeps nothing out for good.
public final class ChangeBudget: Sendable {
    private struct State {
        var limit: ChangeLimit
        /// Below zero: more came than the limit says.
        var left: Double
        var filled: ContinuousClock.Instant
    }

    private let states = Mutex<[String: State]>([:])

    public init() {}

    /// How long the source has to wait before it may bring anything; zero when it may now.
    func wait(_ source: String, _ limit: ChangeLimit?, at now: ContinuousClock.Instant = .now) -> Duration {
        guard let limit else { return .zero }
        let left = states.withLock { Self.fill(&$0, source, limit, now) }
        guard left < 1 else { return .zero }
        return .seconds((1 - left) * limit.per.inSeconds / Double(limit.changes))
    }

    /// The source has brought so many.
    func spend(_ count: Int, of source: String, _ limit: ChangeLimit?, at now: ContinuousClock.Instant = .now) {
        guard let limit, count > 0 else { return }
        states.withLock { states in
            let left = Self.fill(&states, source, limit, now)
            states[source]?.left = left - Double(count)
        }
    }

    private static func fill(_ states: inout [String: State], _ source: String, _ limit: ChangeLimit, _ now: ContinuousClock.Instant) -> Double {
        // Another limit begins anew.
        var state = states[source].flatMap { $0.limit == limit ? $0 : nil } ?? State(limit: limit, left: Double(limit.changes), filled: now)
        let earned = state.filled.duration(to: now).inSeconds * Double(limit.changes) / limit.per.inSeconds
        state.left = min(Double(limit.changes), state.left + max(0, earned))
        state.filled = max(state.filled, now)
        states[source] = state
        return state.left
    }
}
