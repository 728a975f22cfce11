import Domain
import Foundation
import Testing

@testable import Wire

/// What can be said of the OpenAPI document without a server; WebTests and RuntimeTests hold a server to it.
@Suite struct OpenAPITests {
    private func texts(_ document: JSONValue, _ key: String) -> [String] {
        switch document {
        case .array(let items): items.flatMap { texts($0, key) }
        case .object(let entries):
            entries.flatMap { name, value in
                if name == key, case .string(let text) = value { [text] } else { texts(value, key) }
            }
        default: []
        }
    }

    @Test("Every reference leads somewhere, and every form is referred to")
    func references() throws {
        let references = Set(texts(OpenAPI.document, "$ref"))
        for reference in references {
            var place: JSONValue? = OpenAPI.document
            for word in reference.dropFirst(2).split(separator: "/") {
                guard case .object(let entries)? = place else { break }
                place = entries[String(word)]
            }
            #expect(place != nil, "\(reference)")
        }
        for form in OpenAPI.forms { #expect(references.contains("#/components/schemas/\(form.name)"), "\(form.name)") }
        #expect(Set(OpenAPI.forms.map(\.name)).count == OpenAPI.forms.count)
    }

    @Test("Every operation has a name of its own, and says its path parameters")
    func operations() {
        #expect(Set(APIOperation.all.map(\.id)).count == APIOperation.all.count)
        #expect(Set(APIOperation.all.map { $0.method + $0.path }).count == APIOperation.all.count)
        for operation in APIOperation.all {
            let words = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
            #expect(operation.parameters.filter { $0.place == .path }.map(\.name) == words, "\(operation.path)")
            #expect(Set(operation.parameters.map { $0.place.rawValue + $0.name }).count == operation.parameters.count, "\(operation.path)")
        }
    }

    @Test("The codes of problems are those that the program gives")
    func problemCodes() throws {
        let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources").standardized
        var found: Set<String> = []
        let files = try #require(FileManager.default.enumerator(at: top, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /status: ([0-9]{3}),\s+code: "([a-z_]+)"/) { found.insert("\(match.1) \(match.2)") }
        }
        #expect(found == Set(ProblemCode.all.map { "\($0.status) \($0.code)" }))
        let document = try String(contentsOf: top.appendingPathComponent("../docs/api.md"), encoding: .utf8)
        for code in ProblemCode.all { #expect(document.contains("`\(code.code)`"), "docs/api.md does not say \(code.code)") }
    }
}
