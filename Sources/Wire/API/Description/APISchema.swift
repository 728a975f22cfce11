import Domain

/// A named form of the documents that the API takes and gives: what the OpenAPI document says of it, and what `fields` may choose from.
public struct APISchema: Sendable {
    /// What the form is for: a body holds what it names and nothing else, a document may gain fields.
    enum Use: Sendable {
        case body, document
    }

    public var name: String
    var text: String
    var fields: [SchemaField]
    var use: Use

    init(_ name: String, _ text: String, _ fields: [SchemaField], use: Use = .document) {
        self.name = name
        self.text = text
        self.fields = fields
        self.use = use
    }

    /// The names of its fields, in the order in which they are described.
    public var fieldNames: [String] { fields.map(\.name) }

    /// The form of one page of a list of these.
    var page: APISchema {
        APISchema(
            "\(name)Page", "A page of a list.",
            [
                .init("items", ["type": "array", "items": .object(reference)], "What is on the page, in the order of the list."),
                .init("next", SchemaValue.text, "Goes into `after` for the page behind this one; absent on the last.", isAlways: false),
            ])
    }

    var schema: JSONValue {
        var schema = SchemaField.object(fields)
        schema["description"] = .string(text)
        if schema["required"] == .array([]) { schema["required"] = nil }
        if use == .body {
            schema["additionalProperties"] = false
            schema["properties"] = .object(
                Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.isAlways ? $0.described : Self.orNull($0.described)) }))
        }
        return .object(schema)
    }

    /// Whoever writes a body may say "not given" with null.
    private static func orNull(_ schema: JSONValue) -> JSONValue {
        guard case .object(var entries) = schema else { return schema }
        if let type = entries["type"] {
            entries["type"] = .array([type, "null"])
            return .object(entries)
        }
        let text = entries.removeValue(forKey: "description")
        var either: [String: JSONValue] = ["anyOf": [.object(entries), ["type": "null"]]]
        either["description"] = text
        return .object(either)
    }

    var reference: [String: JSONValue] { ["$ref": .string("#/components/schemas/\(name)")] }

    static func list(of schema: APISchema) -> [String: JSONValue] { ["type": "array", "items": .object(schema.reference)] }
}

extension SchemaValue {
    static let flag: [String: JSONValue] = ["type": "boolean"]
    static let number: [String: JSONValue] = ["type": "number"]
    /// Any JSON value.
    static let any: [String: JSONValue] = [:]
    /// An object of whatever the configuration or a person named.
    static let open: [String: JSONValue] = ["type": "object", "additionalProperties": true]
    static let priority: [String: JSONValue] = ["type": "integer", "minimum": -1_000_000, "maximum": 1_000_000]

    /// A text of a body with bounds; the server counts bytes, so that what holds other than ASCII may be refused earlier.
    static func text(_ lengths: ClosedRange<Int64>, _ pattern: String? = nil) -> [String: JSONValue] {
        var schema = text
        if lengths.lowerBound > 0 { schema["minLength"] = .integer(lengths.lowerBound) }
        schema["maxLength"] = .integer(lengths.upperBound)
        if let pattern { schema["pattern"] = .string(pattern) }
        return schema
    }

    /// A name as the API takes it: not empty, no control characters, and nothing that a command would take for an option.
    static func name(_ longest: Int64) -> [String: JSONValue] { text(1...longest, "^[^-\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$") }

    /// The number of something, as a client may say it.
    static let givenID: [String: JSONValue] = ["type": "integer", "minimum": 1, "maximum": .integer(.max)]
    /// A flag of a query.
    static let yesOrNo = words("1", "0", "true", "false")

    static func words(_ words: String...) -> [String: JSONValue] { ["type": "string", "enum": .array(words.map { .string($0) })] }
}
