import Signals

/// Which broker to try next, and after which wait. Pure.
///
/// The list is gone through in its order, at once while one round lasts; between rounds, and after a connection was lost, there is a growing,
/// jittered wait, so that processes which lost their broker together do not come back together.
struct ReconnectPlan {
    private let count: Int
    private let backoff: Backoff
    private var failures = 0
    private var openedAt: ContinuousClock.Instant?
    /// The broker to try.
    private(set) var current = 0

    /// A connection that ended sooner counts as one more failure.
    static let provenAfter = Duration.seconds(10)

    init(brokers count: Int, backoff: Backoff = Backoff(first: .milliseconds(100), longest: .seconds(10))) {
        self.count = max(1, count)
        self.backoff = backoff
    }

    mutating func opened(at now: ContinuousClock.Instant) {
        openedAt = now
    }

    /// A try failed or a connection broke: moves on. Returns how long to wait before the next try.
    mutating func failed(at now: ContinuousClock.Instant, random: Double) -> Duration {
        if let openedAt {
            // The broker that worked is tried first, unless it fails again.
            if openedAt.duration(to: now) >= Self.provenAfter { failures = 0 }
            self.openedAt = nil
            failures += 1
            return backoff.delay(failures: failures, random: random)
        }
        current = (current + 1) % count
        guard current == 0 || count == 1 else { return .zero }
        failures += 1
        return backoff.delay(failures: failures, random: random)
    }
}
