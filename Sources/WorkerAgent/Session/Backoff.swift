/// How long to wait before trying again: short at first, so that a restarted dispatcher is found within a second, with jitter against herds.
struct Backoff: Sendable {
    static let first: Duration = .milliseconds(100)
    static let cap: Duration = .seconds(1)
    /// After so many attempts in vain the dispatcher is not merely restarting.
    static let patientAttempts = 60
    static let longCap: Duration = .seconds(5)

    private var attempts = 0

    /// The wait before the next attempt: `random` is within 0..<1.
    mutating func next(random: Double) -> Duration {
        let doubled = Self.first * (1 << min(attempts, 10))
        let whole = min(doubled, attempts < Self.patientAttempts ? Self.cap : Self.longCap)
        attempts += 1
        return whole * (0.5 + random / 2)
    }

    /// Waits; throws when the task is cancelled.
    mutating func wait() async throws {
        try await Task.sleep(for: next(random: .random(in: 0..<1)))
    }

    mutating func reset() {
        attempts = 0
    }
}
