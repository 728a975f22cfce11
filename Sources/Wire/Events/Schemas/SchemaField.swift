import Domain

/// A field of a public document: its name, what it may hold as a JSON Schema, and what it says.
public struct SchemaField: Sendable {
    public var name: String
    public var schema: [String: JSONValue]
    public var text: String
    /// Present in every document, or only where there is something to say.
    public var isAlways: Bool

    init(_ name: String, _ schema: [String: JSONValue], _ text: String, isAlways: Bool = true) {
        self.name = name
        self.schema = schema
        self.text = text
        self.isAlways = isAlways
    }

    var described: JSONValue { .object(schema.merging(["description": .string(text)]) { schema, _ in schema }) }

    /// An object of these fields. It is open: consumers must take what they do not know, since later versions add to it.
    static func object(_ fields: [SchemaField]) -> [String: JSONValue] {
        [
            "type": "object",
            "required": .array(fields.filter(\.isAlways).map { .string($0.name) }),
            "properties": .object(Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.described) })),
        ]
    }
}

/// What values look like.
enum SchemaValue {
    static let text: [String: JSONValue] = ["type": "string"]
    static let id: [String: JSONValue] = ["type": "integer", "minimum": 1]
    static let count: [String: JSONValue] = ["type": "integer", "minimum": 0]
    static let whole: [String: JSONValue] = ["type": "integer"]
    static let uuid: [String: JSONValue] = [
        "type": "string", "format": "uuid", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    ]
    static let time: [String: JSONValue] = [
        "type": "string", "format": "date-time", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z$",
    ]
    static let digest: [String: JSONValue] = ["type": "string", "pattern": "^[0-9a-f]{64}$"]
    static let texts: [String: JSONValue] = ["type": "array", "items": ["type": "string"]]
    static let ids: [String: JSONValue] = ["type": "array", "items": ["type": "integer", "minimum": 1]]
    static let uuids: [String: JSONValue] = ["type": "array", "items": .object(uuid)]
    static let labels: [String: JSONValue] = ["type": "object", "additionalProperties": ["type": "string"]]

    static func word<Word: CaseIterable & RawRepresentable>(_: Word.Type) -> [String: JSONValue] where Word.RawValue == String {
        ["type": "string", "enum": .array(Word.allCases.map { .string($0.rawValue) })]
    }

    /// Codes of which later versions have more: consumers must take those that they do not know.
    static func code<Word: CaseIterable & RawRepresentable>(_: Word.Type) -> [String: JSONValue] where Word.RawValue == String {
        ["type": "string", "pattern": "^[a-z_]+$", "examples": .array(Word.allCases.map { .string($0.rawValue) })]
    }

    static func constant(_ value: JSONValue) -> [String: JSONValue] { ["const": value] }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }

    public init(arrayLiteral elements: JSONValue...) {
        self = .array(elements)
    }
}
