import Domain
import Foundation
import Wire

/// Runs the steps of one build.
struct BuildRunner: Sendable {
    /// What always runs may take this long once the build was cancelled.
    static let afterCancel: Duration = .seconds(300)

    let setting: WorkerSetting
    let build: HeldBuild
    let logs: BuildLogs
    /// Asks a dispatcher to trigger what a step names.
    let trigger: TriggerStep.Call
    /// Asks a dispatcher for the secrets of a step.
    let secrets: StepSecrets.Call
    /// Asks a dispatcher for the patch of the build.
    let patch: CheckoutStep.PatchCall
    let masks = BuildMasks()
    /// Takes the reports of steps, in order.
    let report: @Sendable (ReportDocument) -> Void

    /// How the build ended; nil when nobody wants to know any more.
    func run() async -> BuildEnd? {
        let assignment = build.assignment
        let directory: BuildDirectory
        do {
            let path = "\(setting.directory.work)/\(Self.directoryName(assignment, slot: build.slot))"
            directory = try await setting.disk.run { try BuildDirectory(path: path) }
        } catch {
            return BuildEnd(outcome: .exception, cause: .internalError, text: "the build's directory cannot be made: \(error.localizedDescription)")
        }
        var progress = BuildProgress(steps: assignment.steps)
        var revisions: [String: String] = [:]
        while true {
            let acknowledged = build.end
            switch acknowledged {
            case .forgotten, .stopped: return nil
            case .drained: progress.stop(.drained)
            case .cancelled(let reason): progress.stop(.cancelled(reason))
            case nil: break
            }
            switch progress.next() {
            case .finish(let outcome, let cause, let text):
                return BuildEnd(outcome: outcome, cause: cause, text: text, logs: [])
            case .run(let number, let attempt):
                logs.note(number: number, step: assignment.steps[number - 1].name)
                report(build.report(.stepStarted, stepStarted: StepStart(number: number, attempt: attempt)))
                let (end, found) = await run(number, attempt, in: directory, inSpiteOf: acknowledged, revisions: revisions)
                revisions.merge(found) { _, new in new }
                if build.isAbandoned { return nil }
                progress.record(end)
                report(build.report(.stepFinished, stepFinished: end))
            }
        }
    }

    /// What anybody may have written leaves hooks, configuration and programs behind: no trusted build ever works there.
    static func directoryName(_ assignment: AssignmentDocument, slot: Int) -> String {
        let isTrusted = !assignment.properties.isUntrusted && assignment.stamp.patch == nil
        return "\(SafeName.make(assignment.builder, limit: 80))-\(slot + 1)" + (isTrusted ? "" : "-untrusted")
    }

    private func run(
        _ number: Int, _ attempt: Int, in directory: BuildDirectory, inSpiteOf acknowledged: HeldBuild.End?, revisions: [String: String]
    ) async -> (StepEnd, [String: String]) {
        let step = build.assignment.steps[number - 1]
        let timeout = acknowledged == nil ? step.timeout ?? StepRecipe.defaultTimeout : min(step.timeout ?? Self.afterCancel, Self.afterCancel)
        let logs = logs
        let plain: CommandThread.Output = { (bytes: UnsafeRawBufferPointer) throws(OutputRefusal) in
            try logs.append(bytes, number: number, step: step.name)
        }
        if case .run(let command) = step.action {
            let run = CommandStep(
                setting: setting, build: build, step: step, number: number, attempt: attempt, acknowledged: acknowledged, timeout: timeout,
                masks: masks)
            return (await run.run(command, in: directory, revisions: revisions, secrets: secrets, output: plain), [:])
        }
        let masked = masks.output(to: plain)
        let output: CommandThread.Output = { (bytes: UnsafeRawBufferPointer) throws(OutputRefusal) in try masked.take(bytes) }
        // What cannot be written now could not be written before: the step has said so.
        defer { try? masked.finish() }
        switch step.action {
        case .checkout(let recipe):
            let checkout = CheckoutStep(
                setting: setting, build: build, step: step, number: number, attempt: attempt, acknowledged: acknowledged, timeout: timeout,
                patch: patch)
            return await checkout.run(recipe, in: directory, output: output)
        case .trigger(let recipe):
            let trigger = TriggerStep(
                call: trigger, build: build, step: step, number: number, attempt: attempt, acknowledged: acknowledged, timeout: timeout)
            return (await trigger.run(recipe, output: output), [:])
        case .run: return (StepVerdict.invalid("the step runs nothing", step: step, number: number, attempt: attempt), [:])
        }
    }
}
