/// How long to wait after failures in a row: doubling, with jitter, up to a bound.
public struct Backoff: Hashable, Sendable {
    public var first: Duration
    public var longest: Duration

    public init(first: Duration = .milliseconds(100), longest: Duration = .seconds(30)) {
        self.first = first
        self.longest = longest
    }

    /// The wait after this many failures in a row. `random`, from 0 up to 1, spreads it over the upper half, so that processes which failed
    /// together do not come back together.
    public func delay(failures: Int, random: Double) -> Duration {
        guard failures > 0 else { return .zero }
        var whole = min(first, longest)
        for _ in 1..<failures {
            guard whole < longest else { break }
            whole = min(whole * 2, longest)
        }
        return whole / 2 + whole / 2 * min(max(random, 0), 1)
    }
}
