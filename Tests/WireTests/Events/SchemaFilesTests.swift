import Domain
import Foundation
import TestSupport
import Testing
import Wire
import Yams

/// The files below schemas/ are what the program serves; `make schemas` writes them.
@Suite struct SchemaFilesTests {
    private static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../schemas").standardized

    /// Every generated file, by its place below schemas/.
    private static func files() throws -> [String: String] {
        var files = [
            "asyncapi.yaml": try SchemaText.yaml(EventAsyncAPI.document),
            "openapi.json": try SchemaText.json(OpenAPI.document),
            "references/v1/events.json": try SchemaText.json(EventReference.document),
        ]
        for entry in EventEntry.all {
            files["events/v1/\(entry.kind.rawValue).json"] = try SchemaText.json(entry.schema)
            files["events/v1/examples/\(entry.kind.rawValue).json"] = try EventExamples.text(entry.kind)
        }
        return files
    }

    @Test("The files say what the program says: run `make schemas` after a change that is meant")
    func drift() throws {
        let files = try Self.files()
        if ProcessInfo.processInfo.environment["DOORBELL_WRITE_SCHEMAS"] != nil {
            for (path, text) in files {
                let file = Self.top.appendingPathComponent(path)
                try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
        }
        for (path, text) in files {
            let found = try? String(contentsOf: Self.top.appendingPathComponent(path), encoding: .utf8)
            #expect(found == text, "schemas/\(path)")
        }
        let known = Set(files.keys)
        for folder in ["events/v1", "events/v1/examples", "references/v1"] {
            for name in try FileManager.default.contentsOfDirectory(atPath: Self.top.appendingPathComponent(folder).path) where name != "examples" {
                #expect(known.contains("\(folder)/\(name)"), "nothing writes schemas/\(folder)/\(name)")
            }
        }
    }

    @Test("The table of the documents is that of the schemas")
    func table() throws {
        let file = Self.top.deletingLastPathComponent().appendingPathComponent("docs/events.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let heading = "## Events and their data\n"
        let start = try #require(text.range(of: heading)?.upperBound)
        if ProcessInfo.processInfo.environment["DOORBELL_WRITE_SCHEMAS"] != nil {
            try Data((text[..<start] + "\n" + EventTable.text).utf8).write(to: file)
        }
        let found = try String(contentsOf: file, encoding: .utf8)
        #expect(found.hasSuffix(heading + "\n" + EventTable.text))
    }

    @Test("Each example is as its schema says, with no field that the schema does not name", arguments: EventKind.allCases)
    func examples(kind: EventKind) throws {
        let example = try JSONDecoder().decode(JSONValue.self, from: Data(EventExamples.text(kind).utf8))
        #expect(try SchemaValidator(EventEntry(kind).schema, isStrict: true).accepts(example))
        #expect(try SchemaValidator(EventEntry(kind).schema).accepts(example))
    }

    @Test(
        "The open form takes what a later version adds, and the strict one does not; neither takes what lacks a field", arguments: EventKind.allCases)
    func forms(kind: EventKind) throws {
        guard case .object(var example) = try JSONDecoder().decode(JSONValue.self, from: Data(EventExamples.text(kind).utf8)),
            case .object(var data) = example["data"]
        else {
            Issue.record("an example is an object that holds one")
            return
        }
        let open = try SchemaValidator(EventEntry(kind).schema)
        let strict = try SchemaValidator(EventEntry(kind).schema, isStrict: true)
        data["later"] = 1
        example["data"] = .object(data)
        #expect(try open.accepts(.object(example)))
        #expect(try !strict.accepts(.object(example)))
        data["later"] = nil
        for field in EventEntry(kind).fields where field.isAlways {
            var short = data
            short[field.name] = nil
            example["data"] = .object(short)
            #expect(try !open.accepts(.object(example)), "without \(field.name)")
        }
    }

    @Test("No schema takes back what the last release promised", arguments: EventKind.allCases)
    func compatibility(kind: EventKind) throws {
        let file = Self.top.appendingPathComponent("events/released/\(kind.rawValue).json")
        // What has come since is not promised yet.
        guard let data = try? Data(contentsOf: file) else { return }
        let released = try JSONDecoder().decode(JSONValue.self, from: data)
        #expect(SchemaPromise.broken(released, by: EventEntry(kind).schema) == [])
    }

    @Test("Nothing that was released is gone")
    func kept() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.top.appendingPathComponent("events/released").path)
        #expect(!names.isEmpty)
        #expect(Set(names).isSubset(of: EventKind.allCases.map { "\($0.rawValue).json" }))
    }

    @Test("Every reference of the AsyncAPI document leads somewhere")
    func references() throws {
        let document = EventAsyncAPI.document
        var found = 0
        func look(_ value: JSONValue) {
            switch value {
            case .array(let values): values.forEach(look)
            case .object(let entries):
                if case .string(let reference) = entries["$ref"] {
                    found += 1
                    if reference.hasPrefix("#/") {
                        var place: JSONValue? = document
                        for word in reference.dropFirst(2).split(separator: "/") {
                            guard case .object(let inner)? = place else { break }
                            place = inner[String(word)]
                        }
                        #expect(place != nil, "\(reference)")
                    } else {
                        #expect(FileManager.default.fileExists(atPath: Self.top.appendingPathComponent(reference).path), "\(reference)")
                    }
                }
                entries.values.forEach(look)
            default: break
            }
        }
        look(document)
        #expect(found > EventEntry.all.count)
        #expect(try Yams.compose(yaml: SchemaText.yaml(document)) != nil)
    }
}
