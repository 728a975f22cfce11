import Domain
import Yams

/// What a YAML scalar means by the core schema of YAML 1.2; `yes`, `no`, `on` and `off` are texts.
enum YAMLScalar {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text

    /// Nil when the scalar has a tag that means nothing here.
    init?(_ scalar: Node.Scalar) {
        switch scalar.tag.rawValue {
        case Tag.Name.implicit.rawValue where scalar.style == .plain || scalar.style == .any: self.init(plain: scalar.string)
        case Tag.Name.implicit.rawValue, Tag.Name.str.rawValue, Tag.Name.nonSpecific.rawValue: self = .text
        default: return nil
        }
    }

    private init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .bool(true)
        case "false", "False", "FALSE": self = .bool(false)
        default:
            if let integer = Self.integer(text) {
                self = .integer(integer)
            } else if let number = Self.number(text) {
                self = .number(number)
            } else {
                self = .text
            }
        }
    }

    private static func integer(_ text: String) -> Int64? {
        let digits = text.drop { $0 == "-" || $0 == "+" }
        // Digits after a leading zero are octal in one version of YAML and decimal in the next: they stay a text.
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), digits == "0" || digits.first != "0" else { return nil }
        return Int64(text)
    }

    private static func number(_ text: String) -> Double? {
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), text.utf8.contains(where: { (48...57).contains($0) }) else { return nil }
        let digits = text.drop { $0 == "-" || $0 == "+" }
        if digits.first == "0", let second = digits.dropFirst().first, second.isNumber { return nil }
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
}
