import Domain
import Foundation
import Testing

@testable import Runtime

/// Builders with a matrix.
@Suite struct BuilderMatrixTests {
    private func load(_ builders: String, schedulers: String = "[test]") throws -> Configuration {
        try ConfigurationLoader.load(
            files: [
                (
                    "c.yaml",
                    "project: p\nschedulers:\n- {name: all, kind: any-branch, builders: \(schedulers)}\nbuilders:\n\(builders)\n"
                )
            ]
        ).configuration
    }

    private static let test = """
        - name: test
          matrix: {os: [linux, mac], swift: ["6.1", 6.2], exclude: [{os: mac, swift: "6.1"}], include: [{os: windows, swift: main}]}
          labels: {os: "${os}", kind: build}
          steps: [{run: "make SWIFT=${swift}"}]
        """

    @Test("Every combination is a builder, but the excluded ones, and the included ones too; the names follow the axes")
    func expands() throws {
        let configuration = try load(Self.test)
        #expect(configuration.builders.map(\.name) == ["test (linux, 6.1)", "test (linux, 6.2)", "test (mac, 6.2)", "test (windows, main)"])
        #expect(configuration.schedulers[0].builders == configuration.builders.map(\.name))
        let mac = configuration.builders[2]
        #expect(mac.labels == ["os": "mac", "kind": "build"] && mac.properties == ["os": "mac", "swift": "6.2"])
    }

    @Test("A scheduler may name one variant")
    func oneVariant() throws {
        #expect(try load(Self.test, schedulers: "[\"test (mac, 6.2)\"]").schedulers[0].builders == ["test (mac, 6.2)"])
    }

    @Test("Who needs a builder with a matrix needs every variant, or that with the same values of the axes that both have")
    func needs() throws {
        let configuration = try load(
            Self.test + "\n- {name: pack, matrix: {os: [linux, mac]}, needs: [{builder: test, outcome: any}], steps: [{run: make pack}]}"
                + "\n- {name: publish, needs: [pack], steps: [{run: make publish}]}", schedulers: "[test, pack, publish]")
        let needs = configuration.builders.reduce(into: [:]) { $0[$1.name] = $1.needs.map(\.builder) }
        #expect(needs["pack (linux)"] == ["test (linux, 6.1)", "test (linux, 6.2)"])
        #expect(needs["pack (mac)"] == ["test (mac, 6.2)"])
        #expect(needs["publish"] == ["pack (linux)", "pack (mac)"])
        #expect(configuration.builder(named: "pack (mac)")?.needs.first?.outcomes == Set(Outcome.allCases))
    }

    @Test("A need that no variant meets is refused, and so is a name that two have")
    func unmet() {
        for (builders, said) in [
            (
                "- {name: build, matrix: {os: [linux]}, steps: [{run: make}]}\n- {name: test, matrix: {os: [linux, mac]}, needs: [build], steps: [{run: make}]}",
                "no variant with the same values"
            ),
            ("- {name: test, matrix: {os: [linux]}, steps: [{run: make}]}\n- {name: test (linux), steps: [{run: make}]}", "a second builder"),
        ] {
            let problems = #expect(throws: ConfigurationProblems.self) { try load(builders, schedulers: "[test]") }
            #expect(problems?.description.contains(said) == true, "\(String(describing: problems))")
        }
    }

    @Test("More variants than anybody means are refused")
    func tooMany() {
        let axis = "[" + (0..<20).map(String.init).joined(separator: ", ") + "]"
        let problems = #expect(throws: ConfigurationProblems.self) {
            try load("- {name: test, matrix: {a: \(axis), b: \(axis)}, steps: [{run: make}]}")
        }
        #expect(problems?.problems.contains { $0.description.contains("1 to 256 combinations") } == true)
    }
}
