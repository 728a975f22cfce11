import Domain

/// The steps of the builds that a batch of reports is about, and how the batch changes them.
package struct StepBook {
    package struct Place: Hashable {
        var build: BuildID
        var number: Int
        var attempt: Int

        package init(build: BuildID, number: Int, attempt: Int) {
            self.build = build
            self.number = number
            self.attempt = attempt
        }
    }
    struct Refusal: Error {
        var why: String
    }

    private var phases: [Place: StepPhase]
    /// What is to be written, in order; the last state of a step counts.
    private(set) var changed: [StepFact] = []

    init(_ phases: [Place: StepPhase]) {
        self.phases = phases
    }

    /// The step as it is now; nil when it had begun before and nothing changes.
    mutating func start(_ start: StepStart, of build: OpenBuild, _ recipe: [StepRecipe]) -> Result<StepFact?, Refusal> {
        guard let name = Self.name(start.number, start.attempt, recipe) else { return .failure(Self.unknown(start.number, start.attempt, recipe)) }
        let place = Place(build: build.id, number: start.number, attempt: start.attempt)
        guard phases[place] == nil else { return .success(nil) }
        let fact = StepFact(
            build: build.id, builder: build.builder, number: start.number, name: name, attempt: start.attempt, phase: .running)
        note(fact, place)
        return .success(fact)
    }

    /// A step that is skipped ends without having begun.
    mutating func finish(_ end: StepEnd, of build: OpenBuild, _ recipe: [StepRecipe]) -> Result<StepFact?, Refusal> {
        guard let name = Self.name(end.number, end.attempt, recipe) else { return .failure(Self.unknown(end.number, end.attempt, recipe)) }
        let place = Place(build: build.id, number: end.number, attempt: end.attempt)
        guard phases[place] != .finished else { return .failure(Refusal(why: "step \(end.number), attempt \(end.attempt), has finished before")) }
        let fact = StepFact(
            build: build.id, builder: build.builder, number: end.number, name: name, attempt: end.attempt, phase: .finished,
            outcome: end.outcome, cause: end.cause, exitStatus: end.exitStatus, signal: end.signal,
            durationMilliseconds: end.durationMilliseconds, text: end.text.isEmpty ? nil : end.text.cut(to: reportTextLimit))
        note(fact, place)
        return .success(fact)
    }

    private mutating func note(_ fact: StepFact, _ place: Place) {
        phases[place] = fact.phase
        changed.append(fact)
    }

    private static func name(_ number: Int, _ attempt: Int, _ recipe: [StepRecipe]) -> String? {
        guard number >= 1, number <= recipe.count, attempt >= 1 else { return nil }
        return recipe[number - 1].name
    }

    private static func unknown(_ number: Int, _ attempt: Int, _ recipe: [StepRecipe]) -> Refusal {
        Refusal(why: "there is no step \(number), attempt \(attempt): the recipe has \(recipe.count) steps, and attempts count from 1")
    }
}
