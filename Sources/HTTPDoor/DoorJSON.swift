import Domain
import FoundationEssentials
import Wire

/// The coders of the door. Neither is changed after it was made, so that all requests may share them.
public enum DoorJSON {
    public static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return encoder
    }()
    /// The same document is the same bytes in every process.
    public static let orderedEncoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return encoder
    }()
    public static let decoder = JSONDecoder()

    /// Decodes a body; `Problem` 400 or 422 when it cannot be.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: Data) throws -> Value {
        guard !bytes.isEmpty else { throw Problem.invalidJSON("the body is empty; expected a JSON object") }
        do {
            return try decoder.decode(type, from: bytes)
        } catch let error as DecodingError {
            if case .dataCorrupted(let context) = error, context.codingPath.isEmpty, let problem = unfitNumbers(in: bytes) { throw problem }
            throw error.problem
        }
    }

    /// What is wrong with a body that is JSON all the same: a number that its field cannot hold, of which the decoder says neither what nor where it is.
    private static func unfitNumbers(in bytes: Data) -> Problem? {
        guard let value = try? decoder.decode(JSONValue.self, from: bytes) else { return nil }
        var places: [[AnyKey]] = []
        collectFractions(of: value, at: [], into: &places)
        guard !places.isEmpty else { return nil }
        return .invalidFields(
            places.prefix(10).map { Problem.FieldError(pointer: JSONPointer.text($0), detail: "expected a whole number that 64 bits hold") })
    }

    private static func collectFractions(of value: JSONValue, at path: [AnyKey], into places: inout [[AnyKey]]) {
        switch value {
        case .number: places.append(path)
        case .array(let items):
            for (index, item) in items.enumerated() { collectFractions(of: item, at: path + [AnyKey(index)], into: &places) }
        case .object(let fields):
            for (name, field) in fields.sorted(by: { $0.key < $1.key }) { collectFractions(of: field, at: path + [AnyKey(name)], into: &places) }
        case .null, .bool, .integer, .string: break
        }
    }
}
