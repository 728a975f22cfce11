/// Measured times, in milliseconds.
struct Samples: Sendable {
    private var values: [Double] = []

    var count: Int { values.count }

    mutating func add(_ duration: Duration) { values.append(duration / .milliseconds(1)) }

    var median: Double { percentile(50) }

    /// The nearest rank: of 100 samples, the 99th is the second largest.
    func percentile(_ percent: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        let rank = (percent / 100 * Double(sorted.count)).rounded(.up)
        return sorted[min(sorted.count - 1, max(0, Int(rank) - 1))]
    }
}
