import Testing

@testable import Domain

@Suite(.timeLimit(.minutes(5))) struct PatternStepsTests {
    @Test(
        "A hostile pattern takes no more steps than twice the product of the lengths",
        arguments: [
            ("(a*)*b", "a", false), ("^(a*)*b", "a", false), ("(a|aa)+$", "a", true), ("^(a|aa)+$", "ab", false), ("(a+)+b", "a", false),
            ("(a|a?)+b", "a", false), ("(a?){500}a{500}", "a", true), ("(a?){100}a{100}b", "a", false), ("(.*)(.*)(.*)(.*)[^a]", "a", false),
            ("(((((a*)*)*)*)*)*b", "a", false), ("(a|b|ab)*c", "ab", false), ("(\\b|a)*b$", "ab ", false), ("(?i)([a-z]+)+\\d", "Ab", false),
            ("(.*a){30}b", "a", false),
        ])
    func hostile(source: String, repeated: String, expected: Bool) throws {
        let text = String(repeating: repeated, count: 10_000 / repeated.count)
        let program = try Pattern(source).program
        var machine = PatternMachine(program)
        let isMatch = machine.matches(text)
        #expect(isMatch == expected)
        #expect(machine.steps > 0)
        #expect(machine.steps <= 2 * (text.unicodeScalars.count + 1) * program.instructions.count)
    }

    @Test(
        "The steps grow as the text does, not faster", arguments: ["(a*)*b", "(a|aa)+b", "(a+)+b", "(.*)(.*)[^a]", "(a?){50}a{50}b"])
    func linear(source: String) throws {
        let pattern = try Pattern(source)
        func steps(_ count: Int) -> Int {
            var machine = PatternMachine(pattern.program)
            let isMatch = machine.matches(String(repeating: "a", count: count))
            #expect(!isMatch)
            return machine.steps
        }
        #expect(steps(6_000) - steps(4_000) <= steps(4_000) - steps(2_000))
    }

    @Test("A text that cannot begin to match is only looked at, and one that is anchored not beyond where it fails")
    func skips() throws {
        func steps(_ source: String, _ text: String) throws -> Int {
            var machine = PatternMachine(try Pattern(source).program)
            let isMatch = machine.matches(text)
            #expect(!isMatch)
            return machine.steps
        }
        let text = String(repeating: "a", count: 1_000)
        #expect(try steps("release", text) < 10)
        #expect(try steps("(feature|hotfix)/", text) < 20)
        #expect(try steps("^a{3}b", text) < 20)
        #expect(try steps("^(main|release)$|^stable$", text) < 20)
        #expect(try steps("[^a]x", text) < 10)
    }
}
