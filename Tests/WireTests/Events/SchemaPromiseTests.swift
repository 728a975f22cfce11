import Domain
import Testing

@Suite struct SchemaPromiseTests {
    private static let released: JSONValue = [
        "type": "object", "required": ["a"],
        "properties": ["a": ["type": "string", "enum": ["x", "y"]], "b": ["type": "array", "items": ["type": "integer"]]],
    ]

    @Test("What only adds keeps the promise")
    func additions() {
        let later: JSONValue = [
            "type": "object", "required": ["a", "b"],
            "properties": [
                "a": ["type": "string", "enum": ["x"], "description": "more"], "b": ["type": "array", "items": ["type": "integer"]],
                "c": ["type": "string"],
            ],
        ]
        #expect(SchemaPromise.broken(Self.released, by: later) == [])
    }

    @Test(
        "What takes something back breaks it",
        arguments: [
            ("/b: gone", ["type": "object", "required": ["a"], "properties": ["a": ["type": "string", "enum": ["x", "y"]]]]),
            (
                ": a is not always there any more",
                [
                    "type": "object", "required": [],
                    "properties": ["a": ["type": "string", "enum": ["x", "y"]], "b": ["type": "array", "items": ["type": "integer"]]],
                ]
            ),
            (
                "/a: holds words that consumers cannot know",
                [
                    "type": "object", "required": ["a"],
                    "properties": ["a": ["type": "string", "enum": ["x", "y", "z"]], "b": ["type": "array", "items": ["type": "integer"]]],
                ]
            ),
            (
                "/b/items: type was another",
                [
                    "type": "object", "required": ["a"],
                    "properties": ["a": ["type": "string", "enum": ["x", "y"]], "b": ["type": "array", "items": ["type": "string"]]],
                ]
            ),
            (
                "/b: holds anything now",
                [
                    "type": "object", "required": ["a"],
                    "properties": ["a": ["type": "string", "enum": ["x", "y"]], "b": ["type": "array"]],
                ]
            ),
        ] as [(String, JSONValue)])
    func breaks(line: String, later: JSONValue) {
        #expect(SchemaPromise.broken(Self.released, by: later) == [line])
    }
}
