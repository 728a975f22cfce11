import Foundation

/// What a server does while nothing happens.
struct IdleBenchmark {
    var interval: Duration

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

    func run(_ backend: Backend, _ environment: [String: String]) async throws -> [Figure] {
        let server = try await BenchmarkServer(configuration: Self.configuration, ["--slots", "2"], environment: environment)
        do {
            // The start is over when the worker has connected.
            _ = try await server.api.poll { try await server.api.list("/api/v1/workers").isEmpty ? nil : true }
            try await Task.sleep(for: .seconds(3))
            let before = try await server.statements()
            try await Task.sleep(for: interval)
            let after = try await server.statements()
            let memory = server.memory
            // The question itself runs a few; what one more question costs is taken off.
            let question = try await server.statements().flatMap { last in after.map { last - $0 } } ?? 0
            await server.stop()
            let rate = before.flatMap { before in after.map { max(0, $0 - before - question) / interval.seconds } }
            return [
                Figure("\(backend.name): SQL statements while idle", rate, "a second", goal: "under 0.05"),
                Figure("\(backend.name): resident memory at rest", memory, "MB", goal: "under 60"),
            ]
        } catch {
            await server.stop()
            throw error
        }
    }
}
