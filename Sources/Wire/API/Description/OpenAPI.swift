import Domain

/// The OpenAPI 3.1 document of the HTTP API, for those who generate clients or documentation, and for the tests that hold the server to it.
public enum OpenAPI {
    public static let document: JSONValue = [
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": [
            "title": "Doorbell", "version": "1",
            "description":
                "Everything that pages and commands show and do. Documents may gain fields: take those that are not named here. Whatever can be read can be asked about with HEAD; OPTIONS names the methods of a path. The protocol of workers is described apart, in docs/worker-protocol.md.",
            "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
        ],
        "servers": [["url": "/", "description": "The server that gave this document."]],
        "tags": .array(tags.map { ["name": .string($0)] }),
        "paths": .object(paths),
        "components": [
            "schemas": .object(schemas), "responses": .object(problems),
            "securitySchemes": [
                "token": [
                    "type": "http", "scheme": "bearer",
                    "description": "A token, where the server asks for tokens: docs/security.md says which role each route needs.",
                ]
            ],
        ],
        // A server that listens on loopback alone need not ask.
        "security": [["token": []], [:]],
    ]

    /// Those that lists are of.
    private static let listed: [APISchema] = [
        .change, .buildset, .request, .buildSummary, .deliverySummary, .revisionSummary, .builder, .worker, .scheduler, .source, .service,
        .token, .auditEntry, .subscriber, .sending,
    ]
    private static let others: [APISchema] = [
        .changeWhy, .telling, .stamp, .property, .why, .build, .step, .log, .delivery, .revision, .difference, .doctor,
    ]

    /// Every named form.
    static let forms: [APISchema] = {
        var forms: [APISchema] = listed + others
        forms += listed.map(\.page)
        forms += APISchema.deploymentParts
        forms += APISchema.recordParts
        forms += APISchema.accessParts
        forms += APISchema.outgoingParts
        forms += APISchema.bodies
        return forms
    }()

    private static var tags: [String] {
        var tags: [String] = []
        for operation in APIOperation.all where !tags.contains(operation.tag) { tags.append(operation.tag) }
        return tags
    }

    private static var paths: [String: JSONValue] {
        Dictionary(grouping: APIOperation.all, by: \.path).mapValues { operations in
            .object(Dictionary(uniqueKeysWithValues: operations.map { ($0.method, $0.description) }))
        }
    }

    private static var schemas: [String: JSONValue] { Dictionary(uniqueKeysWithValues: forms.map { ($0.name, $0.schema) }) }

    /// One answer for each status that problems have.
    private static var problems: [String: JSONValue] {
        let statuses = Set(ProblemCode.all.map(\.status))
        return Dictionary(
            uniqueKeysWithValues: statuses.map { status in
                let codes = ProblemCode.codes(of: status).map { "`\($0.code)`: \($0.remedy)." }
                var answer: [String: JSONValue] = [
                    "description": .string(codes.joined(separator: " ")),
                    "content": .object([Problem.contentType: ["schema": .object(APISchema.problem.reference)]]),
                ]
                if status == 429 || status == 503 {
                    answer["headers"] = ["Retry-After": ["description": "Seconds to wait first.", "schema": ["type": "integer", "minimum": 0]]]
                }
                return ("Problem\(status)", .object(answer))
            })
    }
}
