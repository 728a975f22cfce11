import FoundationEssentials
import Wire

/// The coders of the door. Neither is changed after it was made, so that all requests may share them.
public enum DoorJSON {
    public static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return encoder
    }()
    public static let decoder = JSONDecoder()

    /// Decodes a body; `Problem` 400 or 422 when it cannot be.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: Data) throws -> Value {
        guard !bytes.isEmpty else { throw Problem.invalidJSON("the body is empty; expected a JSON object") }
        do {
            return try decoder.decode(type, from: bytes)
        } catch let error as DecodingError {
            throw error.problem
        }
    }
}
