/// One measured number.
struct Figure: Sendable {
    var name: String
    var value: Double?
    var unit: String
    /// The number as a multiple of a floor, and of which.
    var ratio: (value: Double, of: String)?
    var goal: String?

    init(_ name: String, _ value: Double?, _ unit: String, ratio: (value: Double, of: String)? = nil, goal: String? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.ratio = ratio
        self.goal = goal
    }
}

/// The table that the program prints at its end.
struct BenchmarkReport {
    private var figures: [Figure] = []

    mutating func add(_ more: [Figure]) { figures += more }

    var text: String {
        let rows = figures.map { figure in
            [
                figure.name, figure.value.map(Self.number) ?? "-", figure.unit,
                figure.ratio.map { "\(Self.number($0.value)) x \($0.of)" } ?? "", figure.goal ?? "",
            ]
        }
        let head = ["figure", "value", "unit", "ratio", "goal"]
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func number(_ value: Double) -> String {
        let digits = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return digits == 0 ? String(Int64(rounded)) : String(rounded)
    }
}

extension [Double] {
    /// The value below which this share of the sorted values lies.
    func percentile(_ share: Double) -> Double {
        let ordered = sorted()
        guard !ordered.isEmpty else { return .nan }
        return ordered[Swift.min(ordered.count - 1, Int((Double(ordered.count) * share).rounded(.down)))]
    }

    var median: Double { percentile(0.5) }
}

extension Duration {
    var milliseconds: Double { Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15 }
    var seconds: Double { milliseconds / 1000 }
}
