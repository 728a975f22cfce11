import Domain
import Testing

@Suite struct ConfigurationDifferenceTests {
    typealias Field = ConfigurationDifference.Field
    typealias Item = ConfigurationDifference.Item

    private static func named(_ name: String, _ fields: [String: JSONValue] = [:]) -> JSONValue {
        .object(fields.merging(["name": .string(name)]) { first, _ in first })
    }

    private static func document(project: JSONValue = "demo", _ builders: JSONValue...) -> JSONValue {
        .object(["project": project, "builders": .array(builders)])
    }

    private static func step(_ name: String, run: JSONValue = "make") -> JSONValue { named(name, ["run": run]) }

    /// What differs in one builder.
    private static func fields(_ old: [String: JSONValue], _ new: [String: JSONValue]) -> [Field] {
        ConfigurationDifference(from: document(named("b", old)), to: document(named("b", new))).items.flatMap(\.fields)
    }

    @Test("A configuration does not differ from itself")
    func same() {
        let document = Self.document(Self.named("a", ["steps": .array([Self.step("one")])]), Self.named("b"))
        #expect(ConfigurationDifference(from: document, to: document).isEmpty)
    }

    @Test("Items are known by their names: added, removed and changed, wherever they stand in their list")
    func items() {
        let old = Self.document(Self.named("gone"), Self.named("same"), Self.named("other", ["priority": 1]))
        let new = Self.document(Self.named("new"), Self.named("same"), Self.named("other", ["priority": 2]))
        let difference = ConfigurationDifference(from: old, to: new)
        #expect(
            difference.items == [
                Item(list: "builders", name: "new", change: .added),
                Item(list: "builders", name: "other", change: .changed, fields: [Field(pointer: "/priority", from: 1, to: 2)]),
                Item(list: "builders", name: "gone", change: .removed),
            ])
        #expect(difference.fields.isEmpty && difference.reordered.isEmpty)
    }

    @Test("Another order alone is told as such; an item that comes or goes between others is none")
    func order() {
        let (a, b, c) = (Self.named("a"), Self.named("b"), Self.named("c"))
        let difference = ConfigurationDifference(from: Self.document(a, b), to: Self.document(b, a))
        #expect(difference.reordered == ["builders"] && difference.items.isEmpty && !difference.isEmpty)
        #expect(ConfigurationDifference(from: Self.document(a, b), to: Self.document(a, c, b)).reordered.isEmpty)
        #expect(ConfigurationDifference(from: Self.document(a, c, b), to: Self.document(a, b)).reordered.isEmpty)
    }

    @Test("A list that only one of them has is added or removed item by item")
    func list() {
        let with = Self.document(Self.named("a"))
        let without = JSONValue.object(["project": "demo"])
        #expect(ConfigurationDifference(from: without, to: with).items == [Item(list: "builders", name: "a", change: .added)])
        #expect(ConfigurationDifference(from: with, to: without).items == [Item(list: "builders", name: "a", change: .removed)])
    }

    @Test("What is no item differs by its pointer from the document")
    func others() {
        let (old, new) = (Self.document(project: "old"), Self.document(project: "new"))
        #expect(ConfigurationDifference(from: old, to: new).fields == [Field(pointer: "/project", from: "old", to: "new")])
    }

    @Test("A field that comes or goes has one side only")
    func sides() {
        #expect(Self.fields([:], ["quiet_ms": 5]) == [Field(pointer: "/quiet_ms", from: nil, to: 5)])
        #expect(Self.fields(["quiet_ms": 5], [:]) == [Field(pointer: "/quiet_ms", from: 5, to: nil)])
        #expect(Self.fields(["text": .null], ["text": ""]) == [Field(pointer: "/text", from: .null, to: "")])
    }

    @Test("Objects are compared by their keys, which are escaped as RFC 6901 says; lists of values as a whole")
    func pointers() {
        let old: [String: JSONValue] = ["labels": .object(["a/b": "1", "~": "1", "same": "1"]), "branches": .array(["main"])]
        let new: [String: JSONValue] = ["labels": .object(["a/b": "2", "~": "2", "same": "1"]), "branches": .array(["main", "next"])]
        #expect(
            Self.fields(old, new) == [
                Field(pointer: "/branches", from: .array(["main"]), to: .array(["main", "next"])),
                Field(pointer: "/labels/a~1b", from: "1", to: "2"), Field(pointer: "/labels/~0", from: "1", to: "2"),
            ])
    }

    private static let one = step("one"), two = step("two"), three = step("three"), nameless = JSONValue.object(["run": "make"])

    @Test(
        "An element between others is one difference; the places are those of the side that has it; another order is told",
        arguments: [
            ([one, three], [one, two, three], [Field(pointer: "/steps/1", from: nil, to: two)]),
            ([one, two, three], [one, three], [Field(pointer: "/steps/1", from: two, to: nil)]),
            ([one, one], [one], [Field(pointer: "/steps/1", from: one, to: nil)]),
            ([nameless], [one, nameless], [Field(pointer: "/steps/0", from: nil, to: one)]),
            (
                [one, two], [two, one],
                [Field(pointer: "/steps/0/name", from: "one", to: "two"), Field(pointer: "/steps/1/name", from: "two", to: "one")]
            ),
            ([], [one], [Field(pointer: "/steps/0", from: nil, to: one)]),
            ([one, two], [one, step("two", run: "test")], [Field(pointer: "/steps/1/run", from: "make", to: "test")]),
            (
                [two, three], [one, step("two", run: "test"), three],
                [Field(pointer: "/steps/0", from: nil, to: one), Field(pointer: "/steps/1/run", from: "make", to: "test")]
            ),
        ])
    func elements(old: [JSONValue], new: [JSONValue], expected: [Field]) {
        #expect(Self.fields(["steps": .array(old)], ["steps": .array(new)]) == expected)
    }
}
