import Domain

/// What an operation answers with when it went well.
struct APIAnswer: Sendable {
    var status: Int
    var text: String
    /// Media types, and what they hold.
    var content: [(type: String, schema: [String: JSONValue])] = []
    /// Names and texts of its headers.
    var headers: [(name: String, text: String)] = []

    static let partType = "application/vnd.doorbell.part+json"
    private static let tag = (name: "ETag", text: "Names this state of it, for `If-None-Match`.")

    /// A document.
    static func json(_ schema: APISchema, _ text: String) -> APIAnswer { json(200, schema, text) }

    static func json(_ status: Int, _ schema: APISchema, _ text: String) -> APIAnswer {
        APIAnswer(status: status, text: text, content: [("application/json", schema.reference)])
    }

    /// A document that can be asked for again with what is known of it.
    static func tagged(_ schema: APISchema, _ text: String, hasParts: Bool = true) -> APIAnswer {
        var answer = json(schema, text)
        if hasParts { answer.content.append((partType, APISchema.part.reference)) }
        answer.headers = [tag]
        return answer
    }

    static let notModified = APIAnswer(status: 304, text: "It is as `If-None-Match` says.", headers: [tag])

    static func text(_ text: String) -> APIAnswer { Self.text(200, text) }

    static func text(_ status: Int, _ text: String) -> APIAnswer {
        APIAnswer(status: status, text: text, content: [("text/plain", SchemaValue.text)])
    }

    var description: JSONValue {
        var entries: [String: JSONValue] = ["description": .string(text)]
        if !content.isEmpty {
            entries["content"] = .object(Dictionary(content.map { ($0.type, ["schema": .object($0.schema)]) }) { first, _ in first })
        }
        if !headers.isEmpty {
            let described = headers.map { header -> (String, JSONValue) in
                (header.name, ["description": .string(header.text), "schema": ["type": "string"]])
            }
            entries["headers"] = .object(Dictionary(described) { first, _ in first })
        }
        return .object(entries)
    }
}
