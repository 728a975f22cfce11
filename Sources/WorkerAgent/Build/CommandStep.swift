import Domain
import Foundation

/// Runs the command of a step, with the secrets that it asks for.
struct CommandStep: Sendable {
    let setting: WorkerSetting
    let build: HeldBuild
    let step: StepRecipe
    let number: Int
    let attempt: Int
    let acknowledged: HeldBuild.End?
    let timeout: Duration
    let masks: BuildMasks

    func run(
        _ command: StepRecipe.Command, in directory: BuildDirectory, revisions: [String: String], secrets call: StepSecrets.Call,
        output: @escaping CommandThread.Output
    ) async -> StepEnd {
        guard !step.secrets.isEmpty else {
            return await run(command, in: directory, revisions: revisions, secrets: [:], timeout: timeout, output: output)
        }
        let began = ContinuousClock.now
        do {
            let patience = DispatcherPatience(build: build, acknowledged: acknowledged, deadline: began + timeout)
            let values = try await StepSecrets.fetch(call, of: step, number: number, attempt: attempt, by: patience)
            let (setting, step) = (setting, step)
            masks.add(Array(values.values))
            let secrets = try await setting.disk.run { try StepSecrets(values, of: step, parent: setting.directory.secrets) }
            let end = await run(
                command, in: directory, revisions: revisions, secrets: secrets.variables, timeout: max(.zero, began + timeout - .now), output: output)
            try? await setting.disk.run { secrets.remove() }
            return end
        } catch let refusal as StepSecrets.Refusal {
            return end(refusal.outcome, refusal.cause, refusal.text, since: began)
        } catch {
            return end(
                .exception, .internalError, "the step's secrets cannot be made ready: \((error as? GitCredential.Unusable)?.problem ?? "")",
                since: began)
        }
    }

    private func run(
        _ command: StepRecipe.Command, in directory: BuildDirectory, revisions: [String: String], secrets: [String: String], timeout: Duration,
        output: @escaping CommandThread.Output
    ) async -> StepEnd {
        let environment = setting.environment.make(
            for: build.assignment, step: step, number: number, attempt: attempt, revisions: revisions, secrets: secrets)
        do {
            var guarded = try await prepare(command, step: step, environment: environment, in: directory)
            guarded.timeout = timeout
            let control = CommandControl()
            build.begin(control, inSpiteOf: acknowledged)
            let masked = masks.output(to: output)
            var result = await CommandThread.run(guarded, control: control) { (bytes: UnsafeRawBufferPointer) throws(OutputRefusal) in
                try masked.take(bytes)
            }
            build.done()
            do {
                try masked.finish()
            } catch {
                if result.interruption == nil { result.interruption = .outputRefused(error.number) }
            }
            return StepVerdict.judge(result, step: step, number: number, attempt: attempt)
        } catch {
            let problem = (error as? BuildDirectory.Escape)?.problem ?? error.localizedDescription
            return StepVerdict.invalid(problem, step: step, number: number, attempt: attempt)
        }
    }

    private func end(_ outcome: Outcome, _ cause: Cause, _ text: String, since began: ContinuousClock.Instant) -> StepEnd {
        StepEnd(
            number: number, attempt: attempt, outcome: outcome == .failure && step.warningsOnly ? .warnings : outcome, cause: cause,
            durationMilliseconds: (ContinuousClock.now - began).microseconds / 1000, text: text)
    }

    private func prepare(
        _ command: StepRecipe.Command, step: StepRecipe, environment: [String: String], in directory: BuildDirectory
    ) async throws -> GuardedCommand {
        let path = try await setting.disk.run { try directory.resolve(step.directory) }
        let words: [String]
        switch command {
        case .shell(let text): words = ["/bin/sh", "-c", "--", text]
        case .arguments(let given): words = given
        }
        guard let name = words.first, !name.isEmpty else { throw BuildDirectory.Escape(problem: "the step names no program") }
        guard !words.contains(where: { $0.contains("\0") }) else { throw BuildDirectory.Escape(problem: "the step's command holds a zero byte") }
        let program = try await setting.disk.run { ProgramSearch.find(name, path: environment["PATH"] ?? "", directory: path) }
        guard let program else { throw BuildDirectory.Escape(problem: "the program “\(name)” is not in the worker's PATH") }
        return GuardedCommand(
            program: program, arguments: words, environment: environment, directory: path, idleTimeout: step.idleTimeout,
            grace: setting.configuration.grace, keep: setting.directory.lock)
    }
}
