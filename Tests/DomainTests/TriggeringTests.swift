import Testing

@testable import Domain

/// Steps that trigger, and what comes of them.
@Suite struct TriggeringTests {
    private func triggered(_ outcomes: [Outcome?]) -> [TriggeredBuildset] {
        outcomes.enumerated().map {
            TriggeredBuildset(build: BuildID(1), step: 1, attempt: 1, buildset: BuildsetID(Int64($0.offset + 1)), scheduler: "s", outcome: $0.element)
        }
    }

    private static let table: [(outcomes: [Outcome?], end: Outcome?)] = [
        ([.success, .success], .success), ([.success, .warnings], .warnings), ([.failure, .warnings], .failure),
        ([.exception, .failure], .exception),
        ([.skipped], .success), ([.success, .cancelled], .failure), ([.failure, nil], nil), ([], .success),
    ]

    @Test("A step ends as the worst of what it triggered, and not before the last; a cancel there is a failure here", arguments: table)
    func ends(outcomes: [Outcome?], end: Outcome?) {
        #expect(triggered(outcomes).end?.outcome == end)
    }

    private func builder(_ name: String, triggers: [String]) -> Builder {
        Builder(name: name, steps: [StepRecipe(name: "t", action: .trigger(StepRecipe.Trigger(schedulers: triggers)))])
    }

    @Test("Builders that start each other for ever are found, also by way of schedulers that follow others")
    func circles() {
        let alone = Configuration(
            project: "p", schedulers: [SchedulerRule(name: "s", kind: .triggerable, builders: ["b"])], builders: [builder("b", triggers: ["s"])])
        #expect(alone.circleOfTriggers() == ["builder b", "scheduler s", "builder b"])
        var long = Configuration(
            project: "p",
            schedulers: [
                SchedulerRule(name: "s", kind: .triggerable, builders: ["c"]),
                SchedulerRule(name: "t", kind: .dependent, builders: ["b"], follows: Dependence(schedulers: ["s"])),
            ], builders: [builder("b", triggers: ["s"]), Builder(name: "c", steps: [])])
        #expect(long.circleOfTriggers() == ["builder b", "scheduler s", "scheduler t", "builder b"])
        long.schedulers[1].builders = ["c"]
        #expect(long.circleOfTriggers() == nil)
    }

    @Test("No change starts a scheduler that is triggered")
    func noChange() {
        let rule = SchedulerRule(name: "s", kind: .triggerable, builders: ["b"])
        let planner = Planner(configuration: Configuration(project: "p", schedulers: [rule], builders: [Builder(name: "b", steps: [])]))
        let content = NewChange(project: "p", repository: "r", branch: "main", revision: "1")
        let change = Change(id: ChangeID(1), chain: ChainID.random(), accepted: Timestamp(microseconds: 1), content: content)
        #expect(planner.plan(changes: [change], quiet: [:]).buildsets.isEmpty)
        #expect(planner.verdicts(on: change).map(\.outcome) == [.ignored("steps of builds trigger it, and no change")])
    }
}
