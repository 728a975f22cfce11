import Domain
import Foundation
import Wire

/// Has schedulers build, and waits for what comes of it. The dispatchers do the triggering; asked again, they trigger nothing twice.
struct TriggerStep: Sendable {
    /// The number of the step, its attempt, and how many milliseconds the answer may take.
    typealias Call = @Sendable (Int, Int, Int) async throws(DispatcherError) -> TriggerAnswer

    /// How long one call waits for the ends.
    static let pollTime = 25_000
    /// An answer without an end before this time is no long poll; asking again at once would be a storm.
    static let shortestPoll: Duration = .milliseconds(100)

    let call: Call
    let build: HeldBuild
    let step: StepRecipe
    let number: Int
    let attempt: Int
    let acknowledged: HeldBuild.End?
    let timeout: Duration

    func run(_ recipe: StepRecipe.Trigger, output: CommandThread.Output) async -> StepEnd {
        let began = ContinuousClock.now
        let (control, interrupted) = (CommandControl(), Gate())
        control.whenInterrupted { interrupted.open() }
        build.begin(control, inSpiteOf: acknowledged)
        defer { build.done() }
        do {
            let answer = try await answer(until: began + timeout, interrupted, output)
            guard let answer, let outcome = answer.outcome else {
                return interrupted.isOpen
                    ? end(.cancelled, .cancelled, "ended with its build", since: began)
                    : end(.failure, .timeout, "ended after its timeout of \(timeout.forPeople)", since: began)
            }
            try print(answer.text + "\n", output)
            return end(outcome, outcome.isGood ? nil : .triggered, answer.text, since: began)
        } catch let refusal as OutputRefusal {
            let result = CommandResult(ending: .exited(0), interruption: .outputRefused(refusal.number), duration: .now - began)
            return StepVerdict.judge(result, step: step, number: number, attempt: attempt)
        } catch DispatcherError.sessionOver(_, let reason) {
            build.finishEarly(.forgotten(reason))
            return end(.cancelled, .cancelled, "ended with its build", since: began)
        } catch {
            return end(.failure, .invalidStep, "the dispatcher does not trigger it: \(error)", since: began)
        }
    }

    /// The answer that says how the step ended; nil when it was interrupted or its time is over.
    private func answer(until deadline: ContinuousClock.Instant, _ interrupted: Gate, _ output: CommandThread.Output) async throws -> TriggerAnswer? {
        var backoff = Backoff()
        var isTold = false
        while !interrupted.isOpen, .now < deadline {
            let left = (deadline - .now).microseconds / 1000
            let asked = ContinuousClock.now
            do {
                let wait = max(1, min(Self.pollTime, Int(left)))
                let answer = try await FirstOf.result(of: { [call, number, attempt] in try await call(number, attempt, wait) }) {
                    await interrupted.wait()
                }
                guard let answer else { return nil }
                if !isTold, !answer.buildsets.isEmpty {
                    try print(answer.buildsets.map { "triggered buildset \($0.id) of \($0.scheduler)\n" }.joined(), output)
                    isTold = true
                }
                guard answer.outcome == nil else { return answer }
                guard .now - asked < Self.shortestPoll else {
                    backoff.reset()
                    continue
                }
            } catch DispatcherError.unavailable {
                // It, or another, goes on where it was: what was triggered is in the store.
            } catch DispatcherError.sessionOver(404, _) {
                // One of an older version, which knows no such call: another may.
            }
            let pause = backoff.next(random: .random(in: 0..<1))
            _ = await FirstOf.wait({ try? await Task.sleep(for: pause) }, { await interrupted.wait() })
            if Task.isCancelled { return nil }
        }
        return nil
    }

    private func print(_ text: String, _ output: CommandThread.Output) throws {
        var bytes = Array(text.utf8)
        try bytes.withUnsafeMutableBytes { try output(UnsafeRawBufferPointer($0)) }
    }

    private func end(_ outcome: Outcome, _ cause: Cause?, _ text: String, since began: ContinuousClock.Instant) -> StepEnd {
        StepEnd(
            number: number, attempt: attempt, outcome: outcome == .failure && step.warningsOnly ? .warnings : outcome, cause: cause,
            durationMilliseconds: (ContinuousClock.now - began).microseconds / 1000, text: text)
    }
}
