import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing
import Wire

/// The OpenAPI document as answers are judged by it.
struct APIForms {
    private let definitions: JSONValue
    private let operations: [String: JSONValue]

    init() throws {
        // The validator knows definitions by their place in a schema.
        let text = String(decoding: try JSONEncoder().encode(OpenAPI.document), as: UTF8.self)
        let moved = text.replacing("#\\/components\\/schemas\\/", with: "#\\/$defs\\/").replacing("#/components/schemas/", with: "#/$defs/")
        let document = try JSONDecoder().decode(JSONValue.self, from: Data(moved.utf8))
        definitions = document["components"]["schemas"]
        guard case .object(let paths) = document["paths"] else { throw Missing(what: "paths") }
        operations = paths
    }

    struct Missing: Error { var what: String }

    /// What is wrong with an answer; nil when it is as described, with no field that is not.
    func fault(of response: TestResponse, _ method: String, _ path: String) throws -> String? {
        var described = operations[path]?[method]["responses"]["\(response.status.code)"] ?? .null
        if case .string(let reference) = described["$ref"] {
            guard reference.hasPrefix("#/components/responses/Problem") else { return "a strange reference" }
            described = ["content": ["application/problem+json": ["schema": ["$ref": "#/$defs/Problem"]]]]
        }
        guard described != .null else { return "status \(response.status.code) is not described" }
        guard case .object(let content) = described["content"] else {
            return response.body.readableBytes == 0 ? nil : "a body that is not described"
        }
        let type = String((response.headers[.contentType] ?? "").prefix { $0 != ";" })
        guard let schema = content[type]?["schema"] else { return "type \(type) is not described" }
        guard type.hasSuffix("json") else { return nil }
        guard case .object(var root) = schema else { return "no schema" }
        root["$defs"] = definitions
        let body = try JSONDecoder().decode(JSONValue.self, from: Data(buffer: response.body))
        // What `fields` chose is a part of a form that is judged as a whole elsewhere.
        let isPart = type.hasSuffix("part+json")
        return try SchemaValidator(.object(root), isStrict: !isPart).accepts(body)
            ? nil : "it is not of its form: \(String(buffer: response.body).prefix(2000))"
    }
}
