import Foundation
import Synchronization

/// Builds through the whole durable lifecycle, by 20 HTTP workers that run nothing.
struct ThroughputBenchmark {
    var builds: Int
    private static let workers = 20
    private static let slots = 10
    private static let submitters = 16

    private static let configuration = """
        project: bench
        sources: []
        schedulers:
          - {name: each, kind: any-branch, builders: [nothing]}
        builders:
          - name: nothing
            steps:
              - {name: nothing, run: [true]}
        """

    func run(_ backend: Backend, _ environment: [String: String], _ floors: Floors) async throws -> [Figure] {
        let server = try await BenchmarkServer(configuration: Self.configuration, ["--slots", "0"], environment: environment)
        let done = Finished()
        let total = builds
        let result: (elapsed: Duration, statements: Double?)
        do {
            let before = try await server.statements()
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<Self.submitters {
                    group.addTask { try await Self.submit(total, from: number, to: server) }
                }
                for number in 0..<Self.workers {
                    group.addTask {
                        try await BenchmarkWorker(base: server.api.base, name: "bench-\(number)", slots: Self.slots).run(
                            until: { done.count >= total }, finished: { done.add($0) })
                    }
                }
                try await group.waitForAll()
            }
            let elapsed = start.duration(to: .now)
            let after = try await server.statements()
            result = (elapsed, before.flatMap { before in after.map { ($0 - before) / Double(total) } })
        } catch {
            await server.stop()
            throw error
        }
        let memory = server.memory
        await server.stop()
        let rate = Double(total) / result.elapsed.seconds
        return [
            Figure(
                "\(backend.name): builds through the whole lifecycle", rate, "builds/s",
                ratio: (rate * floors.commit.seconds, "one commit a build"), goal: "1000"),
            Figure("\(backend.name): SQL statements a build", result.statements, "statements"),
            Figure("\(backend.name): resident memory after \(total) builds", memory, "MB"),
        ]
    }

    private static func submit(_ total: Int, from first: Int, to server: BenchmarkServer) async throws {
        for number in stride(from: first, to: total, by: submitters) {
            let answer = try await server.api.post("/api/v1/changes", BenchmarkServer.change(number))
            guard answer.status == 201 else { throw BenchmarkFailure("a change was answered \(answer.status): \(answer.text)") }
        }
    }
}

/// How many builds all workers have finished.
private final class Finished: Sendable {
    private let builds = Atomic<Int>(0)

    var count: Int { builds.load(ordering: .relaxed) }

    func add(_ more: Int) { builds.wrappingAdd(more, ordering: .relaxed) }
}
