import Domain
import Foundation
import Storage

/// JSON as it lies in columns: keys sorted, so that equal values are equal texts.
enum JSONText {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func encode(_ data: EventDraft.Data) throws -> String {
        switch data {
        case .change(let fact): try encode(fact)
        case .buildset(let fact): try encode(fact)
        case .request(let fact): try encode(fact)
        case .build(let fact): try encode(fact)
        case .step(let fact): try encode(fact)
        case .log(let fact): try encode(fact)
        case .worker(let fact): try encode(fact)
        case .scheduler(let fact): try encode(fact)
        case .config(let fact): try encode(fact)
        }
    }

    static func decode<T: Decodable>(_ type: T.Type = T.self, _ text: String) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw StoreError.internalError("a column does not hold the JSON of \(T.self): \(error)")
        }
    }
}
