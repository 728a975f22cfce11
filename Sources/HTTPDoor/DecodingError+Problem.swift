import FoundationEssentials
import Wire

extension DecodingError {
    /// What a stranger is told: which field, and what was expected there.
    public var problem: Problem {
        switch self {
        case .keyNotFound(let key, let context):
            return .invalidField(JSONPointer.text(context.codingPath + [key]), "is missing")
        case .valueNotFound(let type, let context):
            return .invalidField(JSONPointer.text(context.codingPath), "expected \(Self.word(for: type)), found null")
        case .typeMismatch(let type, let context):
            return .invalidField(JSONPointer.text(context.codingPath), "expected \(Self.word(for: type))")
        case .dataCorrupted(let context):
            // The parser's own errors are about the text as a whole, or say that it is no JSON; those of a document's types name a field.
            if context.codingPath.isEmpty || context.debugDescription.contains("JSON") {
                return .invalidJSON("it does not parse as UTF-8 encoded JSON (RFC 8259)")
            }
            return .invalidField(JSONPointer.text(context.codingPath), Self.bounded(context.debugDescription))
        @unknown default:
            return .badRequest("the body does not have the expected form")
        }
    }

    private static func bounded(_ text: String) -> String { String(text.prefix(300)) }

    private static func word(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is Double.Type, is Float.Type: "a number"
        case is any FixedWidthInteger.Type: "a whole number"
        case is any ExpressibleByDictionaryLiteral.Type: "an object"
        case is any Collection.Type, is [Any].Type: "a list"
        default: "another type"
        }
    }
}
