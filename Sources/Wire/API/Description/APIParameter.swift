import Domain

/// A part of an address, a query parameter, or a header of a request.
struct APIParameter: Sendable {
    enum Place: String, Sendable {
        case path, query, header
    }

    var name: String
    var place: Place
    var schema: [String: JSONValue]
    var text: String
    /// How a list is written: once, with commas, or the parameter again and again.
    var isWithCommas = false

    static func path(_ name: String, _ schema: [String: JSONValue], _ text: String) -> APIParameter {
        APIParameter(name: name, place: .path, schema: schema, text: text)
    }

    static func query(_ name: String, _ text: String, _ schema: [String: JSONValue] = SchemaValue.text(0...2000)) -> APIParameter {
        APIParameter(name: name, place: .query, schema: schema, text: text)
    }

    static func id(_ what: String) -> APIParameter { path("id", SchemaValue.id, "The number of the \(what).") }

    static func name(_ what: String) -> APIParameter { path("name", SchemaValue.text(1...400), "The name of the \(what).") }

    /// Those of lists that come in pages.
    static let page: [APIParameter] = [
        .query("order", "The newest first, or the oldest; `desc` when not given.", SchemaValue.words("asc", "desc")),
        .query("limit", "The most items of a page; 50 when not given.", ["type": "integer", "minimum": 1, "maximum": 200]),
        .query("since", "Made at this time or later.", ["type": "string", "format": "date-time"]),
        .query("until", "Made before this time.", ["type": "string", "format": "date-time"]),
        // A cursor is what an answer gave; nothing that can be made up.
        .query("after", "The `next` of the page before.", SchemaValue.text(2...13, "^p[1-9a-z][0-9a-z]*$")),
    ]

    static func fields(of schema: APISchema) -> APIParameter {
        APIParameter(
            name: "fields", place: .query,
            schema: [
                "type": "array", "minItems": 1, "items": ["type": "string", "enum": .array(schema.fieldNames.map { .string($0) })],
            ], text: "Only these fields, with commas between their names.", isWithCommas: true)
    }

    static let wait = query(
        "wait",
        "With `If-None-Match`: answer when the document has changed, or else with 304 after this time, 60 s at most, such as `30s` or `500ms`.",
        SchemaValue.text(2...8, "^([0-9]|[1-5][0-9]|60)s$|^[0-9]{1,4}ms$"))

    static let ifNoneMatch = APIParameter(
        name: "If-None-Match", place: .header, schema: SchemaValue.text, text: "The `ETag` of what is known: 304 when it is still so.")

    static let idempotencyKey = APIParameter(
        name: "Idempotency-Key", place: .header, schema: SchemaValue.text(1...200, "^[!-~]+$"),
        text: "By what a repeat is recognised for seven days; another body under the same key is refused.")

    var description: JSONValue {
        var entries: [String: JSONValue] = [
            "name": .string(name), "in": .string(place.rawValue), "schema": .object(schema), "description": .string(text),
        ]
        if place == .path { entries["required"] = true }
        if isWithCommas {
            entries["style"] = "form"
            entries["explode"] = false
        }
        return .object(entries)
    }
}
