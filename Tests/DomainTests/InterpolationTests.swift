import Domain
import Testing

struct InterpolationTests {
    private let properties = Properties(
        ["branch": "main", "build": 7, "clean": true, "nothing": .null, "list": .array([1]), "a-b": "one", "a.b": "two"], source: "test")

    private func run(_ text: String) throws -> StepRecipe {
        try StepRecipe(name: "unit", action: .run(.shell(text))).interpolated(with: properties)
    }

    private func argument(_ text: String) throws -> String? {
        let step = try StepRecipe(name: "unit", action: .run(.arguments(["tool", text]))).interpolated(with: properties)
        guard case .run(.arguments(let words)) = step.action else { return nil }
        return words.last
    }

    private func failure(_ step: StepRecipe, _ properties: Properties? = nil) -> InterpolationError? {
        do {
            _ = try step.interpolated(with: properties ?? self.properties)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("plain", "plain"), ("${branch}", "main"), ("a${branch}b${build}c", "amainb7c"), ("${clean}${nothing}", "true"),
        ("$branch $ $$", "$branch $ $$"),
        ("$${branch}", "${branch}"), ("$$${branch}", "$${branch}"), ("$${x:-${branch}}", "${x:-main}"), ("", ""), ("é${branch}漢", "émain漢"),
    ])
    func argumentsTakeValuesAsTheyAre(text: String, expected: String) throws {
        #expect(try argument(text) == expected)
    }

    @Test func aShellTextNeverContainsAValue() throws {
        let hostile = Properties(["branch": "x'; touch pwned; $(touch pwned) `touch pwned` \"'"], source: "change")
        let step = try StepRecipe(name: "unit", action: .run(.shell("echo \"${branch}\" '${branch}' $${HOME}"))).interpolated(with: hostile)
        #expect(step.action == .run(.shell("echo \"${DOORBELL_PROPERTY_branch}\" '${DOORBELL_PROPERTY_branch}' ${HOME}")))
        #expect(step.environment == ["DOORBELL_PROPERTY_branch": "x'; touch pwned; $(touch pwned) `touch pwned` \"'"])
    }

    @Test func namesThatAShellCannotSpellGetVariablesOfTheirOwn() throws {
        let step = try run("${a-b} ${a.b} ${a-b}")
        #expect(step.action == .run(.shell("${DOORBELL_PROPERTY_a_b} ${DOORBELL_PROPERTY_a_b_2} ${DOORBELL_PROPERTY_a_b}")))
        #expect(step.environment == ["DOORBELL_PROPERTY_a_b": "one", "DOORBELL_PROPERTY_a_b_2": "two"])
    }

    @Test func aShellTextWithoutPropertiesNeedsNoVariables() throws {
        let step = try run("echo $HOME $${HOME} $(date)")
        #expect(step.action == .run(.shell("echo $HOME ${HOME} $(date)")))
        #expect(step.environment.isEmpty)
    }

    @Test func environmentAndDirectoriesAreFilledIn() throws {
        let checkout = StepRecipe(
            name: "checkout", action: .checkout(.init(directory: "src/${branch}")), environment: ["WHERE": "${branch}"], directory: "in/${build}")
        let filled = try checkout.interpolated(with: properties)
        #expect(filled.action == .checkout(.init(directory: "src/main")))
        #expect(filled.environment == ["WHERE": "main"])
        #expect(filled.directory == "in/7")
        let builder = try Builder(name: "test", steps: [checkout], environment: ["BRANCH": "${branch}"]).interpolated(with: properties)
        #expect(builder.environment == ["BRANCH": "main"])
        #expect(builder.steps == [filled])
    }

    @Test func anUnknownNameIsNamedWithItsPlaceAndTheNearestKnown() {
        let error = failure(StepRecipe(name: "unit", action: .run(.shell("echo ${brnach}"))))
        #expect(error?.reason == .unknown(name: "brnach", nearest: "branch"))
        #expect(
            error?.description
                == "step \"unit\", run: there is no property \"brnach\"; did you mean \"branch\"? (write $${brnach} to leave ${brnach} to the shell)")
        let environment = failure(StepRecipe(name: "unit", action: .run(.arguments(["x"])), environment: ["CI": "${zzzzzz}"]))
        #expect(environment == InterpolationError(step: "unit", field: "env CI", reason: .unknown(name: "zzzzzz", nearest: nil)))
    }

    @Test(arguments: ["${", "${}", "${a b}", "${x:-y}", "${branch", "${#x}", "${ä}"])
    func whatIsNoPropertyNameIsRefused(text: String) {
        #expect(failure(StepRecipe(name: "unit", action: .run(.shell(text))))?.reason == .malformed(text))
    }

    @Test func listsAndValuesThatNoProcessCanTakeAreRefused() {
        #expect(failure(StepRecipe(name: "unit", action: .run(.shell("${list}"))))?.reason == .notText(name: "list"))
        for value in ["a\0b", String(repeating: "x", count: Interpolation.longestValue + 1)] {
            let error = failure(StepRecipe(name: "unit", action: .run(.shell("${v}"))), Properties(["v": .string(value)], source: "change"))
            #expect(error?.reason == .unusable(name: "v"))
        }
    }

    @Test(arguments: ["../x", "/etc", "a/../../b", ".."])
    func aValueCannotLeadOutOfTheBuildsDirectory(value: String) {
        let error = failure(
            StepRecipe(name: "unit", action: .run(.shell("x")), directory: "${v}"), Properties(["v": .string(value)], source: "change"))
        #expect(error?.reason == .leavesDirectory(value))
    }

    @Test(arguments: [("quite", "quiet"), ("Builders", "builders"), ("nmae", "name"), ("zzz", nil), ("", nil)])
    func theNearestWordIsASlipOfTheFingers(word: String, expected: String?) {
        #expect(NearestWord.to(word, among: ["name", "quiet", "builders", "kind"]) == expected)
    }
}
