import Foundation

/// Waits until nobody else needs the processors: with both busy, the kernel's tick decides every figure.
struct QuietMachine {
    /// The share of the processors that others may use.
    static let quiet = 0.05
    /// For so many seconds in a row.
    static let period = 3

    var patience: Duration

    /// The share that others took in the last seconds, and whether that counts as quiet.
    func wait() async throws -> (quiet: Bool, others: Double) {
        let deadline = ContinuousClock.now + patience
        var calm = 0
        while true {
            let start = try ProcessorTime.now()
            try await Task.sleep(for: .seconds(1))
            let others = try ProcessorTime.now().shares(since: start).others
            calm = others <= Self.quiet ? calm + 1 : 0
            if calm >= Self.period { return (true, others) }
            if ContinuousClock.now >= deadline { return (false, others) }
        }
    }
}
