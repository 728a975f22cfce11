import Foundation
import Testing

@testable import Domain

/// How messages of others become changes.
@Suite struct MappingTests {
    private func json(_ text: String) throws -> JSONValue { try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }

    @Test(
        "A way leads through objects and lists, a star to every element, and nowhere where there is nothing",
        arguments: [
            ("", 1), ("/a/b", 1), ("/list/0/x", 1), ("/list/*/x", 2), ("/list/2", 0), ("/a~1b", 1), ("/m~0n", 1), ("/a/b/c", 0), ("/list/-1", 0),
        ])
    func ways(way: String, count: Int) throws {
        let document = try json(#"{"a": {"b": 1}, "list": [{"x": 1}, {"x": 2}], "a/b": 3, "m~n": 4}"#)
        #expect(try #require(JSONPath(way)).values(in: document).count == count)
    }

    @Test("A way that is none is refused", arguments: ["a/b", "/a~2", "/a~"])
    func badWays(way: String) { #expect(JSONPath(way) == nil) }

    @Test(
        "Places are filled from the body, the element, the key, the name and the headers",
        arguments: [
            ("{/ref|strip:refs/heads/}", "main"), ("{/ref}", "refs/heads/main"), ("{.}", "e1"), ("{@key}", "a.b"), ("{@id}", "m-1"),
            ("{@header:X-Kind}", "push"), ("{{x}}", "{x}"), ("{/n} of {/yes}", "7 of true"), ("{/text|first_line}", "one"), ("plain", "plain"),
            ("{/nothing}", nil), ("{/list}", nil), ("{/null}", nil), ("{/ref|strip:refs/tags/}", nil), ("{@header:Y}", nil),
        ] as [(String, String?)])
    func places(text: String, filled: String?) throws {
        let message = MappedMessage(
            body: try json(#"{"ref": "refs/heads/main", "n": 7, "yes": true, "list": [1], "null": null, "text": "one\ntwo"}"#), routingKey: "a.b",
            headers: ["X-Kind": "push"], id: "m-1")
        #expect(try MappedText(text).filled(by: message, element: "e1") == filled)
    }

    @Test(
        "A text that cannot be read says what was expected",
        arguments: [
            ("{ref}", "expected a way such as {/ref}"), ("{/a", "or two braces for one"), ("a}", "or two braces for one"),
            ("{/a|upper}", "expected |strip:BEGINNING or |first_line"),
        ])
    func badTexts(text: String, says: String) {
        let error = #expect(throws: MappingSyntaxError.self) { try MappedText(text) }
        #expect(error?.found.contains(says) == true)
    }

    @Test("Of several texts the first that can be filled counts, and a required one that none fills is named")
    func alternatives() throws {
        var mapping = ChangeMapping(texts: [
            .repository: [try MappedText("{/url}"), try MappedText("https://example.org/{/name}")], .branch: [try MappedText("main")],
            .revision: [try MappedText("{/id}")],
        ])
        let made = try mapping.make(MappedMessage(body: try json(#"{"name": "x", "id": "1"}"#)))
        #expect(made?.first?.texts[.repository] == "https://example.org/x")
        let message = MappedMessage(body: try json(#"{"name": "x"}"#))
        let problem = #expect(throws: MappingProblem.self) { try mapping.make(message) }
        #expect(problem?.description == "\"revision\": the message has nothing at {/id}")
        mapping.only = [.init(text: try MappedText("{/id}"), words: ["*"])]
        // Not meant: what it lacks is no concern of anybody.
        #expect(try mapping.make(message) == nil)
    }

    @Test("Patterns say which messages are meant, exceptions which are not")
    func conditions() throws {
        let meant = ChangeMapping.Condition(text: try MappedText("{/kind}"), words: ["push", "tag*", "!tag-push-old"])
        func holds(_ kind: String) throws -> Bool { meant.holds(for: MappedMessage(body: .object(["kind": .string(kind)]))) }
        #expect(try holds("push") && holds("tag-push") && !holds("tag-push-old") && !holds("ping"))
        let any = ChangeMapping.Condition(text: try MappedText("{/kind}"), words: ["!ping"])
        #expect(any.holds(for: MappedMessage(body: .object(["kind": "x"]))) && !any.holds(for: MappedMessage(body: .object([:]))))
    }

    @Test("A mapping survives its way into the store and back")
    func stored() throws {
        for preset in MappingPreset.allCases {
            let mappings = try preset.mappings()
            #expect(try JSONDecoder().decode([ChangeMapping].self, from: JSONEncoder().encode(mappings)) == mappings)
        }
    }
}
