import Domain
import Foundation
import Schemas
import TestSupport
import Testing

@testable import Runtime

@Suite struct ConfigurationSchemaTests {
    private let schema: JSONValue
    private let validator: SchemaValidator

    init() throws {
        schema = try JSONDecoder().decode(JSONValue.self, from: Data(Schemas.configuration))
        validator = try SchemaValidator(schema)
    }

    @Test("The schema says which version it is, by the name that it has for all time")
    func identity() {
        #expect(field(schema, "$id") == .string(Schemas.configurationID))
        #expect(field(schema, "$schema") == "https://json-schema.org/draft/2020-12/schema")
    }

    @Test("Schema and loader know the same keys")
    func keys() throws {
        let definitions = try #require(field(schema, "$defs"))
        #expect(keys(of: schema) == Set(ConfigurationKeys.top))
        for (name, known) in [
            ("source", ConfigurationKeys.source), ("hook", ConfigurationKeys.hook), ("feed", ConfigurationKeys.feed),
            ("directory_source", ConfigurationKeys.directory), ("json_source", ConfigurationKeys.json),
            ("mercurial_source", ConfigurationKeys.mercurial), ("source_limit", ConfigurationKeys.sourceLimit),
            ("mapping", ConfigurationKeys.mapping), ("condition", ConfigurationKeys.condition),
            ("scheduler", ConfigurationKeys.scheduler),
            ("builder", ConfigurationKeys.builder), ("lock", ConfigurationKeys.lock), ("project", ConfigurationKeys.project),
            ("codebase", ConfigurationKeys.codebase), ("consumer", ConfigurationKeys.consumer), ("webhook", ConfigurationKeys.webhook),
            ("step", ConfigurationKeys.step), ("force", ConfigurationKeys.force), ("parameter", ConfigurationKeys.parameter),
            ("trigger", ConfigurationKeys.trigger), ("untrusted", ConfigurationKeys.untrusted), ("secret", ConfigurationKeys.secret),
            ("try", ConfigurationKeys.tryRule),
            ("credential", ConfigurationKeys.credential),
        ] {
            #expect(keys(of: field(definitions, name)) == Set(known), "\(name)")
        }
        let hook = field(field(definitions, "hook"), "properties")
        #expect(keys(of: field(hook, "signature")) == Set(ConfigurationKeys.signature))
        #expect(keys(of: field(definitions, "named_header")) == Set(ConfigurationKeys.header))
        let matrix = field(field(field(definitions, "builder"), "properties"), "matrix")
        #expect(keys(of: matrix) == Set(ConfigurationKeys.matrix))
        let checkout = field(field(field(definitions, "step"), "properties"), "checkout")
        #expect(keys(of: checkout) == Set(ConfigurationKeys.checkout))
    }

    @Test("Schema and loader know the same words")
    func words() throws {
        let scheduler = field(field(field(schema, "$defs"), "scheduler"), "properties")
        #expect(field(field(scheduler, "kind"), "enum") == .array(SchedulerRule.Kind.allCases.map { .string($0.rawValue) }))
        let source = field(field(field(schema, "$defs"), "source"), "properties")
        let feed = field(field(field(schema, "$defs"), "feed"), "properties")
        #expect(field(field(feed, "preset"), "enum") == .array(MappingPreset.allCases.map { .string($0.rawValue) }))
        let hook = field(field(field(schema, "$defs"), "hook"), "properties")
        #expect(field(field(hook, "hook"), "enum") == .array(HookConfiguration.Forge.allCases.map { .string($0.rawValue) }))
        #expect(field(field(source, "commits"), "enum") == .array(SourceConfiguration.Commits.allCases.map { .string($0.rawValue) }))
    }

    @Test("The examples are right for the loader and for the schema")
    func examples() throws {
        for path in try ConfigurationSamples.examples() {
            let loaded = try ConfigurationLoader.load(path: path)
            #expect(!loaded.configuration.builders.isEmpty)
            #expect(try validator.accepts(try json(String(contentsOfFile: path, encoding: .utf8))), "\(path)")
        }
    }

    @Test("The examples use only properties that their builds have")
    func exampleProperties() throws {
        let builtIn = Properties(Dictionary(uniqueKeysWithValues: BuiltInProperty.names.map { ($0, JSONValue.string("x")) }), source: "doorbell")
        for path in try ConfigurationSamples.examples() {
            let configuration = try ConfigurationLoader.load(path: path).configuration
            for scheduler in configuration.schedulers {
                for builder in try scheduler.builders.map({ try #require(configuration.builder(named: $0)) }) {
                    let properties = Properties(builder.properties, source: "builder")
                        .overlaid(by: Properties(scheduler.properties, source: "scheduler")).overlaid(by: builtIn)
                    #expect(throws: Never.self, "\(path)") { try builder.interpolated(with: properties) }
                }
            }
        }
    }

    @Test("What the documents show is right for the loader and for the schema")
    func documents() throws {
        let blocks = try ConfigurationSamples.documented()
        try #require(blocks.count >= 5)
        for (place, text) in blocks {
            let completed = ConfigurationSamples.completed(text)
            #expect(throws: Never.self, "\(place)") { try ConfigurationSamples.load(completed, file: place) }
            #expect(try validator.accepts(json(completed)), "\(place)")
        }
    }

    @Test("Schema and loader agree on which keys each kind of hook has a use for", arguments: HookConfiguration.Forge.allCases)
    func hookKeys(forge: HookConfiguration.Forge) throws {
        let needed = [
            .gerrit: ["unsigned: true", "url: \"https://gerrit.example.org\""],
            .generic: ["unsigned: true", "map: {repository: r, branch: b, revision: c}"],
        ][forge, default: ["unsigned: true"]]
        let all = [
            "branches": "[main]", "tags": "[v1]", "commits": "tip", "address": "ssh", "url": "\"https://forge.example.org\"",
            "delivery": "{header: X-Id}", "map": "{repository: r, branch: b, revision: c}", "limit": "{changes: 5, per: 1m}",
        ]
        for (key, value) in all where !needed.contains(where: { $0.hasPrefix(key + ":") }) {
            let text = "project: p\nsources: [{name: h, hook: \(forge.rawValue), \(needed.joined(separator: ", ")), \(key): \(value)}]\n"
            let known = ConfigurationKeys.hook(forge).contains(key)
            #expect(try validator.accepts(json(text)) == known, "\(text)")
            let completed = text + ConfigurationSamples.builders + "\n"
            #expect(ConfigurationSamples.problems(completed).isEmpty == known, "\(completed)")
        }
    }

    @Test("What the loader refuses in one part, the schema refuses too", arguments: ConfigurationCase.all.filter(\.schemaKnows))
    func refused(wrong: ConfigurationCase) throws {
        #expect(try !validator.accepts(json(wrong.text)))
    }

    @Test("Every key is documented")
    func documented() throws {
        let text = try ["configuration", "schedulers", "graphs", "fairness", "events", "outgoing"].map {
            try String(contentsOfFile: "\(ConfigurationSamples.top)/docs/\($0).md", encoding: .utf8)
        }.joined()
        let all =
            ConfigurationKeys.top + ConfigurationKeys.source + ConfigurationKeys.scheduler + ConfigurationKeys.builder + ConfigurationKeys.step
            + ConfigurationKeys.checkout + ConfigurationKeys.lock + ConfigurationKeys.lockUse + ConfigurationKeys.force + ConfigurationKeys.parameter
            + ConfigurationKeys.trigger + ConfigurationKeys.directory + ConfigurationKeys.json + ConfigurationKeys.mercurial
            + ConfigurationKeys.project
            + ConfigurationKeys.codebase + ConfigurationKeys.consumer + ConfigurationKeys.webhook
        for key in Set(all) { #expect(text.contains("`\(key)`"), "\(key)") }
    }

    private func json(_ text: String) throws -> JSONValue {
        let problems = ProblemCollector()
        let root = try #require(ConfigurationFile(name: "f", content: Array(text.utf8)).parse(problems: problems))
        return try #require(root.json())
    }

    private func field(_ value: JSONValue?, _ name: String) -> JSONValue? {
        if case .object(let entries) = value { entries[name] } else { nil }
    }

    private func keys(of schema: JSONValue?) -> Set<String> {
        if case .object(let properties) = field(schema, "properties") { Set(properties.keys) } else { [] }
    }
}
