import Domain
import Synchronization
import TestSupport
import Testing
import Wire

@testable import WorkerAgent

/// Steps that have others build, without a dispatcher.
@Suite struct TriggerStepTests {
    private static func assignment(_ change: (inout StepRecipe) -> Void = { _ in }) -> AssignmentDocument {
        var step = StepRecipe(name: "deploy", action: .trigger(StepRecipe.Trigger(schedulers: ["deploys"])))
        change(&step)
        return AssignmentDocument(
            build: BuildID(42), fence: Fence(1), request: RequestID(1), buildset: BuildsetID(1), attempt: 1, chain: ChainID.random(), project: "p",
            builder: "test", stamp: SourceStamp(project: "p", repository: "r", branch: "main", revision: "1"), properties: [:], environment: [:],
            steps: [step])
    }

    private static func answer(_ outcome: Outcome?) -> TriggerAnswer {
        TriggerAnswer(
            buildsets: [.init(id: BuildsetID(7), scheduler: "deploys", outcome: outcome)], outcome: outcome,
            text: outcome.map { "buildset 7 of deploys ended as \($0.rawValue)" } ?? "")
    }

    /// Answers in turn, the last again and again.
    private func answers(_ all: [Result<TriggerAnswer, DispatcherError>], asked: Watched<Int> = Watched(0)) -> TriggerStep.Call {
        { _, _, _ throws(DispatcherError) in
            let turn = asked.value
            asked.change { $0 += 1 }
            return try all[min(turn, all.count - 1)].get()
        }
    }

    @Test(
        "A step waits through dispatchers that are away until what it triggered has ended, and ends as that", arguments: [Outcome.success, .failure])
    func waits(outcome: Outcome) async throws {
        let asked = Watched(0)
        let trigger = answers([.failure(.unavailable("away")), .success(Self.answer(nil)), .success(Self.answer(outcome))], asked: asked)
        let ran = try await StepHarness().run(Self.assignment(), trigger: trigger)
        #expect(ran.end?.outcome == outcome && asked.value == 3)
        #expect(ran.steps.first?.cause == (outcome == .failure ? .triggered : nil))
        #expect(ran.log("1-deploy") == "triggered buildset 7 of deploys\nbuildset 7 of deploys ended as \(outcome.rawValue)\n")
    }

    @Test("A failure there is a warning here, where the step says so")
    func warnings() async throws {
        let trigger = answers([.success(Self.answer(.failure))])
        let ran = try await StepHarness().run(Self.assignment { $0.warningsOnly = true }, trigger: trigger)
        #expect(ran.end?.outcome == .warnings)
    }

    @Test("A step that is run again is another attempt, which triggers anew")
    func retries() async throws {
        let attempts = Mutex<[Int]>([])
        let asked = Watched(0)
        let all = answers([.success(Self.answer(.failure)), .success(Self.answer(.success))], asked: asked)
        let ran = try await StepHarness().run(
            Self.assignment { $0.retries = 1 },
            trigger: { step, attempt, wait async throws(DispatcherError) in
                attempts.withLock { $0.append(attempt) }
                return try await all(step, attempt, wait)
            })
        #expect(ran.end?.outcome == .success && attempts.withLock { $0 } == [1, 2])
    }

    @Test("A cancel ends the wait at once; so does the step's timeout, as a failure")
    func interruptions() async throws {
        let endless: TriggerStep.Call = { _, _, wait async throws(DispatcherError) in
            try? await Task.sleep(for: .milliseconds(wait))
            return Self.answer(nil)
        }
        let cancelled = try await StepHarness().run(
            Self.assignment(), onStart: { _, build in build.finishEarly(.cancelled("enough")) }, trigger: endless)
        #expect(cancelled.end?.outcome == .cancelled && cancelled.steps.first?.outcome == .cancelled)
        let late = try await StepHarness().run(Self.assignment { $0.timeout = .milliseconds(50) }, trigger: endless)
        #expect(late.end?.outcome == .failure && late.steps.first?.cause == .timeout)
    }

    @Test("A build that is somebody else's by now is forgotten")
    func gone() async throws {
        let ran = try await StepHarness().run(Self.assignment(), trigger: answers([.failure(.sessionOver(status: 409, "gone"))]))
        #expect(ran.end == nil)
    }
}
