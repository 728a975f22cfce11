import Domain
import Testing

@testable import Runtime

/// What people may say when they force a builder, as it is written.
@Suite struct ForceConfigurationTests {
    private func builder(_ rest: String) throws -> Builder? {
        try ConfigurationSamples.load("project: p\nbuilders:\n- {name: b, steps: [{run: x}], \(rest)}\n").configuration.builders.first
    }

    @Test("Parameters are read with their kinds, limits and defaults")
    func reads() throws {
        let rule = try #require(
            try builder(
                "force: {reason: required, parameters: [{name: n, kind: number, minimum: 0.5, maximum: 3, default: \"2\", label: How many}, "
                    + "{name: c, kind: choice, choices: [a, b], required: true}, {name: t, kind: text, pattern: \"^x\"}]}"
            )?.force)
        #expect(rule.reason == .required && rule.parameters.map(\.kind) == [.number, .choice, .text])
        let number = rule.parameters[0]
        #expect(number.minimum == 0.5 && number.maximum == 3 && number.default == 2 && number.label == "How many")
        #expect(rule.parameters[1].choices == ["a", "b"] && rule.parameters[1].required)
        #expect(rule.parameters[2].value(of: "xy") == "xy" && rule.parameters[2].value(of: "yx") == nil)
    }

    @Test("A builder that says nothing takes anything, one with an empty rule nothing; every variant has the rule")
    func absent() throws {
        #expect(try builder("attempts: 2")?.force == nil)
        #expect(try builder("force: {}")?.force == ForceRule())
        #expect(try builder("matrix: {os: [linux, mac]}, force: {}")?.force == ForceRule())
    }
}
