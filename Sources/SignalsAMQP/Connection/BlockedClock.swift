/// Adds up how long a broker has refused to take messages. Pure.
struct BlockedClock {
    private(set) var since: ContinuousClock.Instant?
    private var ended = Duration.zero

    mutating func begin(at now: ContinuousClock.Instant) {
        if since == nil { since = now }
    }

    mutating func end(at now: ContinuousClock.Instant) {
        guard let since else { return }
        ended += since.duration(to: now)
        self.since = nil
    }

    func total(at now: ContinuousClock.Instant) -> Duration {
        ended + (since.map { $0.duration(to: now) } ?? .zero)
    }
}
