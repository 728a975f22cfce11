import Domain
import Foundation
import Synchronization
import TestSupport
import Wire

@testable import WorkerAgent

/// Runs the steps of one build without a dispatcher.
final class StepHarness: Sendable {
    let temporary = TemporaryDirectory()
    let setting: WorkerSetting
    private let disk = WorkThread(name: "test-disk")

    init(environment: [String: String] = [:], spoolLimit: Int64? = nil) throws {
        var own = ProcessInfo.processInfo.environment.filter { ["PATH", "USER", "LANG"].contains($0.key) }
        own["HOME"] = temporary.path
        own.merge(environment) { _, new in new }
        let configuration = WorkerConfiguration(
            urls: ["http://127.0.0.1:1"], name: "w", dataDirectory: temporary.file("data"), environment: own, spoolLimit: spoolLimit,
            grace: .milliseconds(300))
        setting = try WorkerSetting(configuration: configuration, directory: .open(configuration.dataDirectory), disk: disk)
    }

    deinit {
        setting.directory.close()
        disk.stop()
    }

    struct Ran: Sendable {
        var end: BuildEnd?
        var steps: [StepEnd]
        /// By the name of the log.
        var logs: [String: Data]
        func log(_ name: String) -> String { String(decoding: logs[name] ?? Data(), as: UTF8.self) }
    }

    /// `onStart` is called when a step begins.
    func run(
        _ assignment: AssignmentDocument,
        onStart: @escaping @Sendable (Int, HeldBuild) -> Void = { _, _ in },
        trigger: @escaping TriggerStep.Call = { _, _, _ throws(DispatcherError) in throw .refused(status: 422, "nothing is triggered here") },
        secrets: @escaping StepSecrets.Call = { _, _ throws(DispatcherError) in throw .refused(status: 422, "there are no secrets here") },
        patch: @escaping CheckoutStep.PatchCall = { _, _ throws(DispatcherError) in throw .refused(status: 422, "there is no patch here") }
    ) async throws -> Ran {
        let build = HeldBuild(assignment, slot: 0)
        let logs = BuildLogs(directory: setting.directory.spool + "/\(assignment.build)", budget: setting.budget)
        let steps = StepEnds()
        let runner = BuildRunner(setting: setting, build: build, logs: logs, trigger: trigger, secrets: secrets, patch: patch) { report in
            if let start = report.stepStarted { onStart(start.number, build) }
            if let end = report.stepFinished { steps.add(end) }
        }
        let end = await runner.run()
        logs.seal()
        let bytes = Dictionary(uniqueKeysWithValues: try logs.all.map { ($0.name, Data(try $0.file.read(from: 0, limit: 64 << 20))) })
        logs.remove()
        return Ran(end: end, steps: steps.all, logs: bytes)
    }

    func path(_ name: String, of builder: String = "test") -> String { "\(setting.directory.work)/\(builder)-1/\(name)" }
}

final class StepEnds: Sendable {
    private let ends = Mutex<[StepEnd]>([])
    var all: [StepEnd] { ends.withLock { $0 } }
    func add(_ end: StepEnd) { ends.withLock { $0.append(end) } }
}
