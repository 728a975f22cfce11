import Domain
import Foundation

/// A document of the API, read by field name: what is absent or of another kind reads as empty, so that a command goes on working with a server
/// that is a little newer or older.
struct Document {
    let value: JSONValue

    init(_ value: JSONValue) {
        self.value = value
    }

    init(_ data: Data) throws {
        do {
            value = try JSONDecoder().decode(JSONValue.self, from: data)
        } catch {
            throw CommandFailure(.internalError, "the server's answer is not JSON: is this address a Doorbell?")
        }
    }

    subscript(name: String) -> Document {
        guard case .object(let fields) = value else { return Document(.null) }
        return Document(fields[name] ?? .null)
    }

    var items: [Document] {
        guard case .array(let values) = value else { return [] }
        return values.map(Document.init)
    }

    var fields: [(name: String, value: Document)] {
        guard case .object(let fields) = value else { return [] }
        return fields.sorted { $0.key < $1.key }.map { ($0.key, Document($0.value)) }
    }

    /// Strings, numbers and truth values as text; everything else is empty.
    var text: String { value == .null ? "" : value.interpolated ?? "" }

    // Not inlined: the optimizer of Swift 6.3.1 crashes on the borrow that this leaves in a caller (CopyPropagation).
    @inline(never)
    var number: Int64? {
        guard case .integer(let number) = value else { return nil }
        return number
    }

    /// The same with a field more.
    func with(_ name: String, _ field: JSONValue) -> Document {
        guard case .object(var fields) = value else { return self }
        fields[name] = field
        return Document(.object(fields))
    }

    /// As the API would write it.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        }
    }

    var time: Timestamp? { Timestamp(text) }
    var isTrue: Bool { value == .bool(true) }
    var isAbsent: Bool { value == .null }
}
