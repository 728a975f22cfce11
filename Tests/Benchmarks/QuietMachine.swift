import Foundation

/// Waits for a machine on which others do little, and says how much they do.
enum QuietMachine {
    /// Waits until others take less than a tenth of the processors, for a bounded time.
    static func wait(atMost bound: Duration) async -> String {
        let end = ContinuousClock.now + bound
        var share = await share(during: .seconds(1))
        while share > 0.1, ContinuousClock.now < end { share = await self.share(during: .seconds(1)) }
        return "others take \(Int(share * 100)) % of the processors" + (share > 0.1 ? ": these figures are too bad by about that much" : "")
    }

    /// The share of all processors that was busy.
    static func share(during interval: Duration) async -> Double {
        let before = times()
        try? await Task.sleep(for: interval)
        let after = times()
        let total = after.total - before.total
        return total > 0 ? Double(after.busy - before.busy) / Double(total) : 0
    }

    private static func times() -> (busy: UInt64, total: UInt64) {
        let line = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.split(separator: "\n").first ?? ""
        let numbers = line.split(separator: " ").dropFirst().compactMap { UInt64($0) }
        guard numbers.count >= 5 else { return (0, 0) }
        let total = numbers.reduce(0, +)
        return (total - numbers[3] - numbers[4], total)
    }
}
