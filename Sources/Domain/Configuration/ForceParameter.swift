/// One value that a person may give a build by hand.
public struct ForceParameter: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case text, choice, boolean, number, revision
    }

    /// The property that steps see.
    public var name: String
    public var kind: Kind
    /// What a form shows in place of the name.
    public var label: String?
    /// It must be given; a text then may not be empty.
    public var required: Bool
    /// What the build gets when nothing is given.
    public var `default`: JSONValue?
    /// Of kind `choice`.
    public var choices: [String]?
    /// Bounds of kind `number`.
    public var minimum: Double?
    public var maximum: Double?
    /// What a text has to match.
    public var pattern: Pattern?

    public init(_ name: String, _ kind: Kind, required: Bool = false, default: JSONValue? = nil) {
        self.name = name
        self.kind = kind
        self.required = required
        self.default = `default`
    }

    /// The value as the build gets it; nil when it is none of this kind. A command line and a form only have texts, so numbers and booleans may be
    /// written as such.
    public func value(of given: JSONValue) -> JSONValue? {
        switch (kind, given) {
        case (.text, .string(let text)):
            // The pattern last: it may take long for a long text.
            guard text.utf8.count <= Interpolation.longestValue, !(required && text.isEmpty), !text.utf8.contains(0) else { return nil }
            return pattern?.matches(text) == false ? nil : given
        case (.choice, .string(let text)): return choices?.contains(text) == true ? given : nil
        case (.boolean, .bool): return given
        case (.boolean, .string("true")): return .bool(true)
        case (.boolean, .string("false")): return .bool(false)
        case (.number, .integer(let number)):
            // Beyond, neighbours are one number to most who read JSON, and to the bounds.
            return number.magnitude <= 1 << 53 && isInBounds(Double(number)) ? given : nil
        case (.number, .number(let number)): return number.isFinite && isInBounds(number) ? given : nil
        case (.number, .string(let text)):
            // What JSON takes for a number, so that no `inf` and no hexadecimal digits get through.
            guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
            if let number = Int64(text) { return value(of: .integer(number)) }
            // Of digits alone it is whole, and too long to be kept as it is.
            guard text.utf8.contains(where: { ".eE".utf8.contains($0) }) else { return nil }
            return Double(text).map(JSONValue.number).flatMap(value)
        case (.revision, .string(let text)):
            // By what the digits lead to, a build is of one commit; a branch's name would be of whichever it is by then.
            return (7...64).contains(text.utf8.count) && text.utf8.allSatisfy(Self.isHexadecimal) ? given : nil
        default: return nil
        }
    }

    /// What a value has to be, for messages.
    public var expectation: String {
        switch kind {
        case .text:
            let text = required ? "a text that is not empty" : "a text"
            return pattern.map { "\(text)\(required ? " and" : " that") matches \($0.source)" } ?? text
        case .choice: return "one of " + (choices ?? []).map { "\"\($0)\"" }.joined(separator: ", ")
        case .boolean: return "true or false"
        case .number:
            return switch (minimum, maximum) {
            case (nil, nil): "a number"
            case (let least?, nil): "a number of at least \(Self.written(least))"
            case (nil, let most?): "a number of at most \(Self.written(most))"
            case (let least?, let most?): "a number from \(Self.written(least)) to \(Self.written(most))"
            }
        case .revision: return "7 to 64 hexadecimal digits of a revision"
        }
    }

    private func isInBounds(_ number: Double) -> Bool { number >= minimum ?? -.infinity && number <= maximum ?? .infinity }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    private static func written(_ number: Double) -> String { Int64(exactly: number).map(String.init) ?? String(number) }
}
