/// Random patterns of the syntax that all engines share, and texts that have a chance to match them. The same for the same seed.
struct PatternCases {
    /// A part of a pattern, and whether it may match the empty text.
    private struct Part {
        var text: String
        var isEmpty: Bool
    }

    private var generator: Numbers
    private let repeatsEmpty: Bool

    /// - Parameter repeatsEmpty: whether quantifiers may follow what may match the empty text.
    init(seed: UInt64, repeatsEmpty: Bool) {
        generator = Numbers(state: seed)
        self.repeatsEmpty = repeatsEmpty
    }

    mutating func pattern() -> String {
        (chance(1, of: 8) ? "(?i)" : "") + (chance(1, of: 3) ? "^" : "") + choice(depth: 2).text + (chance(1, of: 3) ? "$" : "")
    }

    /// Without line ends: where they are, engines differ.
    mutating func text() -> String {
        (0..<Int.random(in: 0...8, using: &generator)).map { _ in pick(["a", "a", "b", "b", "c", "A", "B", "1", "_", "-", " ", "é", "É"]) }.joined()
    }

    private mutating func choice(depth: Int) -> Part {
        let options = (0..<pick([1, 1, 1, 2, 3])).map { _ in sequence(depth: depth) }
        return Part(text: options.map(\.text).joined(separator: "|"), isEmpty: options.contains(where: \.isEmpty))
    }

    private mutating func sequence(depth: Int) -> Part {
        let parts = (0..<pick([0, 1, 1, 2, 2, 3, 3])).map { _ in part(depth: depth) }
        return Part(text: parts.map(\.text).joined(), isEmpty: parts.allSatisfy(\.isEmpty))
    }

    private mutating func part(depth: Int) -> Part {
        if chance(1, of: 12) { return Part(text: pick(["\\b", "\\B", "^", "$"]), isEmpty: true) }
        var part = atom(depth: depth)
        let quantifier = pick(["", "", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}", "{0}", "*?", "+?", "??", "{1,2}?"])
        guard repeatsEmpty || !part.isEmpty else { return part }
        part.isEmpty = part.isEmpty || quantifier.hasPrefix("*") || quantifier.hasPrefix("?") || quantifier.hasPrefix("{0")
        part.text += quantifier
        return part
    }

    private mutating func atom(depth: Int) -> Part {
        if depth > 0, chance(1, of: 3) {
            var part = choice(depth: depth - 1)
            part.text = pick(["(", "(?:"]) + part.text + ")"
            return part
        }
        if chance(1, of: 4) { return Part(text: characterClass(), isEmpty: false) }
        let letter = pick(["a", "a", "b", "b", "c", "A", "1", "_", "-", "é", ".", "\\.", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S"])
        return Part(text: letter, isEmpty: false)
    }

    private mutating func characterClass() -> String {
        let items = (0..<pick([1, 2, 3])).map { _ in pick(["a", "b", "c", "a-c", "A-B", "0-9", "_", "\\-", "\\d", "\\w", "\\s", "\\W", "\\S", "é"]) }
        return (chance(1, of: 3) ? "[^" : "[") + items.joined() + "]"
    }

    private mutating func chance(_ wanted: Int, of all: Int) -> Bool { Int.random(in: 0..<all, using: &generator) < wanted }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &generator)] }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }
}
