import Domain
import Foundation

/// JSON as it lies in columns: keys sorted, so that equal values are equal texts.
package enum JSONText {
    package static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Most tables of properties are empty.
    package static func encode(_ table: [String: some Encodable]) throws -> String {
        table.isEmpty ? "{}" : try encode(Table(entries: table))
    }

    package static func decode<T: Decodable>(_ type: T.Type = T.self, _ text: String) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw StoreError.internalError("a column does not hold the JSON of \(T.self): \(error)")
        }
    }

    /// `[1,2,3]`, for `json_each`.
    package static func list(_ numbers: some Sequence<Int64>) -> String {
        "[" + numbers.map(String.init).joined(separator: ",") + "]"
    }

    package static func list<Entity>(_ ids: some Sequence<EntityID<Entity>>) -> String { list(ids.map(\.rawValue)) }

    /// `[[1,2],[3,4]]`, for `json_each`.
    package static func rows(_ rows: [[Int64]]) -> String {
        "[" + rows.map { list($0) }.joined(separator: ",") + "]"
    }
}

private struct Table<Value: Encodable>: Encodable {
    var entries: [String: Value]

    func encode(to encoder: any Encoder) throws {
        try entries.encode(to: encoder)
    }
}
