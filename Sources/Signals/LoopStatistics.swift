/// What a loop has done since its start, for metrics and health.
public struct LoopStatistics: Hashable, Sendable {
    /// Rings heard, those that were merged with others included.
    public internal(set) var rings: UInt64 = 0
    /// Passes that ended, failed ones included.
    public internal(set) var passes: UInt64 = 0
    public internal(set) var errors: UInt64 = 0
    /// Errors since the last pass that went well.
    public internal(set) var failuresInARow = 0
    /// The text of the last error; nil after a pass that went well.
    public internal(set) var failing: String?
    public internal(set) var busy: Duration = .zero
    public internal(set) var longestPass: Duration = .zero
    public internal(set) var lastPass: Duration = .zero

    public init() {}

    mutating func ended(after duration: Duration, error: String?, failuresInARow: Int) {
        passes += 1
        lastPass = duration
        longestPass = max(longestPass, duration)
        busy += duration
        if error != nil { errors += 1 }
        failing = error
        self.failuresInARow = failuresInARow
    }
}
