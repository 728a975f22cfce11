/// A regular expression that is matched in time linear in the text: no backtracking, so no pattern of a configuration can hold up a pass.
///
/// Literals, `.` (anything but a newline), `[a-z_]` and `[^…]`, `\d \w \s \D \W \S` in and outside of those, `\b \B`, `\n \r \t`, `\` before
/// punctuation, groups `(…)` and `(?:…)`, `|`, `* + ? {m} {m,} {m,n}`, `^` and `$` (start and end of the text), and `(?i)` at the start. A lazy `?`
/// after a quantifier changes nothing, since only whether it matches is asked. It reads Unicode scalars: `é` is not `e` and an accent, and letters,
/// digits and spaces are those of Unicode.
public struct Pattern: Sendable {
    /// In Unicode scalars, so that a character with a thousand accents is not one.
    public static let longestSource = 1_000
    public static let mostRepetitions = 1_000
    public static let mostInstructions = 10_000
    public static let deepestNesting = 50

    /// As it was written.
    public let source: String
    let program: PatternProgram

    public init(_ source: String) throws(PatternError) {
        self.source = source
        do throws(PatternFault) {
            var parser = try PatternParser(source)
            let tree = try parser.pattern()
            program = try PatternCompiler.compile(tree)
        } catch {
            throw PatternError(error, in: source)
        }
    }

    /// True when it matches anywhere in the text, as in grep; `^` and `$` say otherwise. Takes at most the product of the lengths.
    public func matches(_ text: String) -> Bool {
        var machine = PatternMachine(program)
        return machine.matches(text)
    }
}

extension Pattern: Hashable {
    /// Scalar by scalar: strings that are equal once they are normalized match different texts.
    public static func == (left: Self, right: Self) -> Bool { left.source.unicodeScalars.elementsEqual(right.source.unicodeScalars) }

    public func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

extension Pattern: CustomStringConvertible {
    public var description: String { source }
}

extension Pattern: Codable {
    public init(from decoder: any Decoder) throws {
        let source = try decoder.singleValueContainer().decode(String.self)
        do {
            try self.init(source)
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: error.description, underlyingError: error))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(source)
    }
}
