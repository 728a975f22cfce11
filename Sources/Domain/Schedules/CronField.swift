/// One of the five fields: which values there are, and how they are written.
struct CronField: Sendable {
    var name: String
    var values: ClosedRange<Int>
    /// Names of the values from the first on.
    var words: [String] = []

    static let minute = CronField(name: "minute", values: 0...59)
    static let hour = CronField(name: "hour", values: 0...23)
    static let day = CronField(name: "day of the month", values: 1...31)
    static let month = CronField(
        name: "month", values: 1...12, words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
    /// 7 is Sunday as well.
    static let weekday = CronField(name: "day of the week", values: 0...7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

    /// The values that a field names, as bits.
    func read(_ text: Substring) throws(CronError) -> UInt64 {
        var bits: UInt64 = 0
        for item in text.split(separator: ",", omittingEmptySubsequences: false) { bits |= try self.item(item) }
        return bits
    }

    private func item(_ text: Substring) throws(CronError) -> UInt64 {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var step = 1
        if parts.count == 2 {
            guard let number = Self.number(parts[1]), number > 0 else { throw wrong(text, "a step is a number from 1, as in */5") }
            step = number
        }
        let range = try self.range(parts[0], isOpen: parts.count == 2, of: text)
        return stride(from: range.lowerBound, through: range.upperBound, by: step).reduce(into: 0) { $0 |= 1 << UInt64($1) }
    }

    private func range(_ text: Substring, isOpen: Bool, of item: Substring) throws(CronError) -> ClosedRange<Int> {
        // Seven would be Sunday a second time.
        let last = words.count == 7 ? 6 : values.upperBound
        if text == "*" { return values.lowerBound...last }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let first = try value(ends[0], of: item)
        guard ends.count == 2 else { return first...(isOpen ? max(first, last) : first) }
        let end = try value(ends[1], of: item)
        guard first <= end else { throw wrong(item, "a range goes up") }
        return first...end
    }

    private func value(_ text: Substring, of item: Substring) throws(CronError) -> Int {
        if let place = words.firstIndex(of: text.lowercased()) { return values.lowerBound + place }
        guard let number = Self.number(text), values.contains(number) else {
            let named = words.isEmpty ? "" : ", or \(words[0]) to \(words[words.count - 1])"
            throw wrong(item, "expected numbers from \(values.lowerBound) to \(values.upperBound)\(named)")
        }
        return number
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.count <= 4 && !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    private func wrong(_ text: Substring, _ what: String) -> CronError {
        CronError("the \(name) \"\(text.prefix(40))\": \(what); lists, ranges and steps are written 1,2 and 1-5 and */5")
    }
}

/// Why a text is no cron expression.
public struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String

    init(_ description: String) {
        self.description = description
    }
}
