import Foundation
import Testing

/// The schemas of events as a validator reads them that is not ours.
@Suite struct EventSchemaTests {
    private static let schemas = Tool.top + "/schemas/events/v1"

    private static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }.sorted()
    }

    @Test("Each schema is one, of the version that it names")
    func metaschema() async throws {
        let names = try Self.names(in: Self.schemas)
        #expect(!names.isEmpty)
        let result = try await Tool.run("check-jsonschema", ["--check-metaschema"] + names, in: Self.schemas)
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("Each example is what its schema asks for, and no other event is")
    func examples() async throws {
        let names = try Self.names(in: Self.schemas + "/examples")
        #expect(try names == Self.names(in: Self.schemas))
        // One process for all: a Python that starts 25 times takes its time.
        let script = """
            import json, sys
            from jsonschema import Draft202012Validator, FormatChecker
            names = sys.argv[1:]
            load = lambda path: json.load(open(path, encoding="utf-8"))
            events = {name: load("examples/" + name) for name in names}
            for name in names:
                judge = Draft202012Validator(load(name), format_checker=FormatChecker())
                for other, event in events.items():
                    if judge.is_valid(event) != (name == other):
                        print(name, "and", other)
            """
        let result = try await Tool.run("python3", ["-c", script] + names, in: Self.schemas)
        #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
    }
}
