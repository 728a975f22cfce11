import Domain
import Testing

@testable import WorkerAgent

/// What a build does next, by table.
@Suite struct BuildProgressTests {
    /// A step by its letters: `c` goes on after a failure, `a` always runs, `w` only warns, a digit is its retries.
    static func step(_ letters: String) -> StepRecipe {
        StepRecipe(
            name: letters, action: .run(.shell("")), continueOnFailure: letters.contains("c"), always: letters.contains("a"),
            warningsOnly: letters.contains("w"), retries: letters.compactMap(\.wholeNumberValue).first ?? 0)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var steps: [String]
        /// The outcome of each run that the machine asks for, by its first letter: success, failure, exception, cancelled.
        var ends: String
        /// `number.attempt` of each.
        var runs: [String]
        var outcome: Outcome
        var cause: Cause?
        /// After so many runs, the build is cancelled or drained.
        var stop: (after: Int, how: BuildProgress.Stop)?
        var testDescription: String { "\(steps) ending \(ends)" }
    }

    static let rows: [Row] = [
        Row(steps: [], ends: "", runs: [], outcome: .success),
        Row(steps: ["-", "-"], ends: "ss", runs: ["1.1", "2.1"], outcome: .success),
        Row(steps: ["-", "-"], ends: "f", runs: ["1.1"], outcome: .failure, cause: .exitStatus),
        Row(steps: ["c", "-"], ends: "fs", runs: ["1.1", "2.1"], outcome: .failure, cause: .exitStatus),
        Row(steps: ["w", "-"], ends: "fs", runs: ["1.1", "2.1"], outcome: .warnings, cause: .exitStatus),
        Row(steps: ["-", "-", "a"], ends: "fs", runs: ["1.1", "3.1"], outcome: .failure, cause: .exitStatus),
        Row(steps: ["-", "a", "-", "a"], ends: "ffs", runs: ["1.1", "2.1", "4.1"], outcome: .failure, cause: .exitStatus),
        Row(steps: ["2"], ends: "ffs", runs: ["1.1", "1.2", "1.3"], outcome: .success),
        Row(steps: ["2", "-"], ends: "fff", runs: ["1.1", "1.2", "1.3"], outcome: .failure, cause: .exitStatus),
        Row(steps: ["1w", "-"], ends: "ffs", runs: ["1.1", "1.2", "2.1"], outcome: .warnings, cause: .exitStatus),
        Row(steps: ["2"], ends: "e", runs: ["1.1"], outcome: .exception, cause: .diskFull),
        Row(steps: ["c", "-", "a"], ends: "es", runs: ["1.1", "3.1"], outcome: .exception, cause: .diskFull),
        Row(steps: ["c", "-"], ends: "fe", runs: ["1.1", "2.1"], outcome: .exception, cause: .diskFull),
        Row(steps: ["-", "-", "a"], ends: "cs", runs: ["1.1", "3.1"], outcome: .cancelled, cause: .cancelled, stop: (0, .cancelled("asked"))),
        Row(steps: ["-", "-"], ends: "s", runs: ["1.1"], outcome: .cancelled, cause: .cancelled, stop: (1, .cancelled("asked"))),
        Row(steps: ["3", "a"], ends: "fs", runs: ["1.1", "2.1"], outcome: .cancelled, cause: .cancelled, stop: (0, .cancelled("asked"))),
        Row(steps: ["-", "a"], ends: "c", runs: ["1.1"], outcome: .exception, cause: .drained, stop: (0, .drained)),
        Row(steps: ["-", "a"], ends: "s", runs: ["1.1"], outcome: .exception, cause: .drained, stop: (1, .drained)),
    ]

    @Test("Steps run, repeat, go on and end as their recipes say", arguments: rows)
    func table(row: Row) {
        var progress = BuildProgress(steps: row.steps.map(Self.step))
        var ends = Array(row.ends)[...]
        var runs: [String] = []
        while case .run(let number, let attempt) = progress.next() {
            runs.append("\(number).\(attempt)")
            // A stop may come while a step runs, or between two.
            if let stop = row.stop, stop.after == runs.count - 1 { progress.stop(stop.how) }
            guard let letter = ends.popFirst() else { break }
            progress.record(Self.end(letter, number, attempt, warns: row.steps[number - 1].contains("w")))
            if let stop = row.stop, stop.after == runs.count { progress.stop(stop.how) }
        }
        #expect(runs == row.runs)
        #expect(ends.isEmpty)
        guard case .finish(let outcome, let cause, _) = progress.next() else {
            Issue.record("the build does not finish")
            return
        }
        #expect(outcome == row.outcome)
        #expect(cause == row.cause)
    }

    @Test("The text of a failed build names the step that decided it")
    func text() {
        var progress = BuildProgress(steps: [Self.step("c"), Self.step("-")])
        _ = progress.next()
        progress.record(StepEnd(number: 1, outcome: .failure, cause: .exitStatus, durationMilliseconds: 1, text: "exit status 3"))
        _ = progress.next()
        progress.record(StepEnd(number: 2, outcome: .success, durationMilliseconds: 1))
        #expect(progress.next() == .finish(outcome: .failure, cause: .exitStatus, text: "step 1 (c): exit status 3"))
    }

    @Test("Draining outranks a cancellation")
    func drainOutranks() {
        var progress = BuildProgress(steps: [Self.step("a")])
        progress.stop(.drained)
        progress.stop(.cancelled("late"))
        guard case .finish(.exception, .drained, _) = progress.next() else {
            Issue.record("a drained build runs on")
            return
        }
    }

    private static func end(_ letter: Character, _ number: Int, _ attempt: Int, warns: Bool) -> StepEnd {
        let (outcome, cause): (Outcome, Cause?) =
            switch letter {
            case "s": (.success, nil)
            case "f": (warns ? .warnings : .failure, .exitStatus)
            case "e": (.exception, .diskFull)
            default: (.cancelled, .cancelled)
            }
        return StepEnd(number: number, attempt: attempt, outcome: outcome, cause: cause, durationMilliseconds: 1)
    }
}
