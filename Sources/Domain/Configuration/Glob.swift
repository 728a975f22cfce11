/// A pattern over names: `*` matches any run of characters without `/`, `**` any run, `?` one character that is not `/`. A pattern without `/`
/// is matched against the whole name as well, so `*` alone matches `feature/x`.
public struct Glob: Hashable, Sendable, Codable, CustomStringConvertible {
    public let pattern: String

    public init(_ pattern: String) {
        self.pattern = pattern
    }

    public var description: String { pattern }

    /// True when the name matches. Linear in the product of the lengths, whatever the pattern: no backtracking beyond the last star.
    public func matches(_ name: String) -> Bool {
        if pattern == "*" || pattern == "**" { return true }
        return Self.matches(Array(pattern.utf8), Array(name.utf8))
    }

    private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        let star = UInt8(ascii: "*")
        let slash = UInt8(ascii: "/")
        // The set of places in the pattern that the name read so far can have led to.
        var states = Set<Int>()
        func add(_ place: Int, to set: inout Set<Int>) {
            guard set.insert(place).inserted, place < pattern.count, pattern[place] == star else { return }
            var next = place + 1
            if next < pattern.count, pattern[next] == star {
                next += 1
                // `**/` also matches no directory at all.
                if next < pattern.count, pattern[next] == slash, place == 0 || pattern[place - 1] == slash {
                    add(next + 1, to: &set)
                }
            }
            add(next, to: &set)
        }
        add(0, to: &states)
        for byte in name {
            var next = Set<Int>()
            for place in states where place < pattern.count {
                switch pattern[place] {
                case star:
                    let double = place + 1 < pattern.count && pattern[place + 1] == star
                    if double || byte != slash { add(place, to: &next) }
                case UInt8(ascii: "?"):
                    if byte != slash { add(place + 1, to: &next) }
                default:
                    if pattern[place] == byte { add(place + 1, to: &next) }
                }
            }
            if next.isEmpty { return false }
            states = next
        }
        return states.contains(pattern.count)
    }

    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(pattern)
    }
}
