import Domain
import Foundation
import Logging
import ServiceLifecycle
import TestSupport
import Wire

@testable import WorkerAgent

/// A worker in this process, with a data directory of its own.
struct AgentHarness: Sendable {
    var configuration: WorkerConfiguration
    let directory: TemporaryDirectory

    init(urls: [String], slots: Int = 1, environment: [String: String] = [:], change: (inout WorkerConfiguration) -> Void = { _ in }) {
        directory = TemporaryDirectory()
        var base = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "USER", "LANG"].contains($0.key) }
        base.merge(environment) { _, new in new }
        configuration = WorkerConfiguration(
            urls: urls, name: "worker-under-test", labels: ["os": "linux"], slots: slots, dataDirectory: directory.file("worker"), environment: base,
            grace: .milliseconds(300))
        change(&configuration)
    }

    var group: ServiceGroup {
        var logger = Logger(label: "worker-under-test")
        logger.logLevel = .critical
        return ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: WorkerAgent(configuration: configuration, logger: logger), successTerminationBehavior: .gracefullyShutdownGroup)
                ], logger: logger))
    }

    /// Runs the worker while `body` runs, then ends it at once.
    func run<Result: Sendable>(_ body: @escaping @Sendable (ServiceGroup) async throws -> Result) async throws -> Result {
        let group = group
        return try await withThrowingTaskGroup(of: Result?.self) { tasks in
            tasks.addTask {
                do {
                    try await group.run()
                } catch is CancellationError {
                    // The body has ended.
                }
                return nil
            }
            tasks.addTask { try await body(group) }
            var result: Result?
            while result == nil, let next = try await tasks.next() { result = next }
            tasks.cancelAll()
            guard let result else { throw CancellationError() }
            return result
        }
    }
}

/// Assignments as a dispatcher would make them.
enum Sample {
    static func build(
        _ number: Int64, _ steps: [StepRecipe], repository: String = "/nowhere", branch: String = "main", revision: String? = nil,
        builder: String = "test", environment: [String: String] = [:]
    ) -> AssignmentDocument {
        AssignmentDocument(
            build: BuildID(number), fence: Fence(7), request: RequestID(number + 100), buildset: BuildsetID(number + 200), attempt: 1,
            chain: ChainID("11111111-2222-4333-8444-555555555555"), project: "demo", builder: builder,
            stamp: SourceStamp(project: "demo", repository: repository, branch: branch, revision: revision), properties: [:],
            environment: environment, steps: steps)
    }

    static func step(_ name: String, _ text: String, change: (inout StepRecipe) -> Void = { _ in }) -> StepRecipe {
        var step = StepRecipe(name: name, action: .run(.shell(text)))
        change(&step)
        return step
    }
}
