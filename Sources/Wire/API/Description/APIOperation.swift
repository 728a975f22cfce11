import Domain

/// A method of a path of the HTTP API, and what is promised of it.
public struct APIOperation: Sendable {
    public var method: String
    public var path: String
    /// What generated clients call it.
    var id: String
    /// The group that it is in.
    var tag: String
    var summary: String
    var text: String?
    var parameters: [APIParameter] = []
    var body: (type: String, schema: [String: JSONValue])?
    var answers: [APIAnswer] = []
    /// The statuses of the problems that are its own; all have more besides, see `commonProblems`.
    var problems: [Int] = []

    /// Whatever is asked may be answered so.
    static let commonProblems = [400, 401, 403, 421, 429, 500, 503]
    private static let writeProblems = [413, 415, 422]

    /// All, in the order of the document.
    public static let all = lists + items + events + changing + configuring + outgoing + access + documents + health

    /// The names of its query parameters.
    public var queryNames: Set<String> { Set(parameters.filter { $0.place == .query }.map(\.name)) }

    /// The statuses that it may be answered with.
    public var statuses: [Int] { answers.map(\.status) + allProblems }

    private var allProblems: [Int] {
        Set(Self.commonProblems + problems + (method == "post" ? Self.writeProblems : [])).sorted()
    }

    /// A list that comes in pages.
    static func pages(_ path: String, _ id: String, _ tag: String, of schema: APISchema, _ summary: String, filters: [APIParameter]) -> APIOperation {
        APIOperation(
            method: "get", path: "/api/v1" + path, id: id, tag: tag, summary: summary,
            parameters: filters + APIParameter.page + [.fields(of: schema), .ifNoneMatch], answers: [.tagged(schema.page, "A page."), .notModified])
    }

    /// A list that comes whole.
    static func whole(_ path: String, _ id: String, _ tag: String, of schema: APISchema, _ summary: String) -> APIOperation {
        APIOperation(
            method: "get", path: "/api/v1" + path, id: id, tag: tag, summary: summary, parameters: [.fields(of: schema), .ifNoneMatch],
            answers: [.tagged(schema.page, "All of them."), .notModified])
    }

    /// One document, named by its path.
    static func item(
        _ path: String, _ id: String, _ tag: String, _ schema: APISchema, _ summary: String, by parameter: APIParameter? = nil, waits: Bool = false
    ) -> APIOperation {
        APIOperation(
            method: "get", path: "/api/v1" + path, id: id, tag: tag, summary: summary,
            parameters: (parameter.map { [$0] } ?? []) + [.fields(of: schema), .ifNoneMatch] + (waits ? [.wait] : []),
            answers: [.tagged(schema, "The document."), .notModified], problems: parameter == nil ? [] : [404])
    }

    /// Something that is done.
    static func write(
        _ path: String, _ id: String, _ tag: String, _ body: APISchema, _ summary: String, by parameter: APIParameter? = nil, isKeyed: Bool = false,
        answers: [APIAnswer], problems: [Int] = []
    ) -> APIOperation {
        APIOperation(
            method: "post", path: "/api/v1" + path, id: id, tag: tag, summary: summary,
            parameters: (parameter.map { [$0] } ?? []) + (isKeyed ? [.idempotencyKey] : []), body: ("application/json", body.reference),
            answers: answers, problems: problems + (parameter == nil ? [] : [404]))
    }

    var description: JSONValue {
        var responses = Dictionary(answers.map { (String($0.status), $0.description) }) { first, _ in first }
        for status in allProblems where responses[String(status)] == nil {
            responses[String(status)] = ["$ref": .string("#/components/responses/Problem\(status)")]
        }
        var entries: [String: JSONValue] = [
            "operationId": .string(id), "tags": [.string(tag)], "summary": .string(summary), "responses": .object(responses),
        ]
        if let text { entries["description"] = .string(text) }
        if !parameters.isEmpty { entries["parameters"] = .array(parameters.map(\.description)) }
        if let body {
            entries["requestBody"] = ["required": true, "content": .object([body.type: ["schema": .object(body.schema)]])]
        }
        return .object(entries)
    }
}
