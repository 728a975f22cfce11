/// A pattern over names: `*` matches any run of characters without `/`, `**` any run, `?` one character that is not `/`. `**/` also matches no
/// directory at all, and `*` alone matches everything, `feature/x` too. Names are compared byte by byte.
public struct Glob: Hashable, Sendable, Codable, CustomStringConvertible {
    private enum Token: Hashable, Sendable {
        case byte(UInt8)
        case one
        case run
        case anyRun
        /// `**/`: any number of directories.
        case directories
    }

    private enum Matcher: Hashable, Sendable {
        case everything
        case literal
        case tokens([Token])
    }

    public let pattern: String
    private let matcher: Matcher

    public init(_ pattern: String) {
        self.pattern = pattern
        let tokens = Self.tokens(Array(pattern.utf8))
        if pattern == "*" || pattern == "**" {
            matcher = .everything
        } else if tokens.allSatisfy({ if case .byte = $0 { true } else { false } }) {
            matcher = .literal
        } else {
            matcher = .tokens(tokens)
        }
    }

    public var description: String { pattern }

    /// True when the name matches. At most linear in the product of the lengths, whatever the pattern: every way to match is followed at once.
    public func matches(_ name: String) -> Bool {
        switch matcher {
        case .everything: true
        case .literal: name.utf8.count == pattern.utf8.count && name.utf8.elementsEqual(pattern.utf8)
        case .tokens(let tokens): Self.matches(tokens, name)
        }
    }

    private static func tokens(_ pattern: [UInt8]) -> [Token] {
        let star = UInt8(ascii: "*")
        let slash = UInt8(ascii: "/")
        var tokens: [Token] = []
        var place = 0
        while place < pattern.count {
            let isDouble = pattern[place] == star && place + 1 < pattern.count && pattern[place + 1] == star
            let startsName = place == 0 || pattern[place - 1] == slash
            if isDouble, startsName, place + 2 < pattern.count, pattern[place + 2] == slash {
                tokens.append(.directories)
                place += 3
            } else if isDouble {
                tokens.append(.anyRun)
                place += 2
            } else {
                tokens.append(pattern[place] == star ? .run : pattern[place] == UInt8(ascii: "?") ? .one : .byte(pattern[place]))
                place += 1
            }
        }
        return tokens
    }

    private static func matches(_ tokens: [Token], _ name: String) -> Bool {
        // Most names fail at their beginning: no need to set anything up for those.
        for (token, byte) in zip(tokens, name.utf8) {
            guard case .byte(let wanted) = token else { break }
            if wanted != byte { return false }
        }
        let slash = UInt8(ascii: "/")
        // The places in the pattern that the name read so far can have led to. A place in `inside` is in the middle of a directory's name.
        var places = [Bool](repeating: false, count: tokens.count + 1)
        var inside = places
        places[0] = true
        open(&places, tokens)
        for byte in name.utf8 {
            var next = [Bool](repeating: false, count: tokens.count + 1)
            var nextInside = next
            var isAlive = false
            for (place, token) in tokens.enumerated() where places[place] || inside[place] {
                switch token {
                case .byte(let wanted): next[place + 1] = next[place + 1] || byte == wanted
                case .one: next[place + 1] = next[place + 1] || byte != slash
                case .run: next[place] = next[place] || byte != slash
                case .anyRun: next[place] = true
                case .directories:
                    if byte == slash { next[place] = true } else { nextInside[place] = true }
                }
                isAlive = isAlive || next[place] || next[place + 1] || nextInside[place]
            }
            if !isAlive { return false }
            open(&next, tokens)
            places = next
            inside = nextInside
        }
        return places[tokens.count]
    }

    /// Adds the places that are reached without reading anything: what a star matches may be empty.
    private static func open(_ places: inout [Bool], _ tokens: [Token]) {
        for (place, token) in tokens.enumerated() where places[place] {
            switch token {
            case .run, .anyRun, .directories: places[place + 1] = true
            case .byte, .one: break
            }
        }
    }

    public static func == (left: Self, right: Self) -> Bool { left.pattern == right.pattern }

    public func hash(into hasher: inout Hasher) { hasher.combine(pattern) }

    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(pattern)
    }
}
