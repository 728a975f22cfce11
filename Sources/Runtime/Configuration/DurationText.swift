/// Durations as they are written in a configuration: `500ms`, `30s`, `5m`, `1h30m`.
enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]

    /// Numbers with units, larger units first, each at most once; nil for anything else.
    static func duration(of text: String) -> Duration? {
        var rest = text.utf8[...]
        var next = 0
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (48...57).contains($0) }
            rest = rest[digits.endIndex...]
            let letters = rest.prefix { !(48...57).contains($0) }
            rest = rest[letters.endIndex...]
            guard let number = Int64(Substring(digits)), let name = String(letters),
                let unit = units.indices.dropFirst(next).first(where: { units[$0].name == name })
            else { return nil }
            let (product, tooMuch) = number.multipliedReportingOverflow(by: units[unit].milliseconds)
            let (sum, overflow) = total.addingReportingOverflow(product)
            guard !tooMuch, !overflow else { return nil }
            total = sum
            next = unit + 1
        }
        return .milliseconds(total)
    }

    /// The shortest spelling of a duration, in whole milliseconds.
    static func text(of duration: Duration) -> String {
        var rest = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text.isEmpty ? "0s" : text
    }
}
