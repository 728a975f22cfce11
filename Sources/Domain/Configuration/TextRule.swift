/// One word of a filter: a pattern over names, behind `~` a regular expression, and behind `!` either as an exception.
public struct TextRule: Hashable, Sendable {
    enum Matcher: Hashable, Sendable {
        case glob(Glob)
        case expression(Pattern)
    }

    /// As it was written.
    public let text: String
    public let isException: Bool
    private let matcher: Matcher

    public init(_ text: String) throws(PatternError) {
        self.text = text
        isException = text.hasPrefix("!")
        let rest = text.dropFirst(isException ? 1 : 0)
        matcher = rest.hasPrefix("~") ? .expression(try Pattern(String(rest.dropFirst()))) : .glob(Glob(String(rest)))
    }

    func matches(_ value: String) -> Bool {
        switch matcher {
        case .glob(let glob): glob.matches(value)
        case .expression(let pattern): pattern.matches(value)
        }
    }
}

extension Collection<TextRule> {
    /// One of the rules matches, or there are only exceptions; and none of those does.
    func allow(_ value: String) -> Bool {
        var hasRule = false
        var isMatched = false
        for rule in self {
            if rule.isException {
                if rule.matches(value) { return false }
            } else {
                hasRule = true
                isMatched = isMatched || rule.matches(value)
            }
        }
        return isMatched || !hasRule
    }
}

extension TextRule: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(try container.decode(String.self))
        } catch let error as PatternError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
