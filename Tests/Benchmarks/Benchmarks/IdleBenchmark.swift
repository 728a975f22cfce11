import ProcessSupport
import TestSupport

/// What a server costs that has nothing to do: it watches a repository each 30 s and has an embedded worker that waits.
struct IdleBenchmark: Benchmark {
    static let name = "idle"
    static let title = "At rest"

    func run(_ context: BenchmarkContext) async throws -> [Figure] {
        let directory = TemporaryDirectory()
        let repository = try GitRepository(at: directory.file("repository"))
        try repository.commit(["README": "idle"], message: "Begin")
        let server = try await context.server(configuration: Self.configuration(repository.path), slots: 2)
        // The first poll takes the tip in and the worker connects; from then on nothing happens.
        try await Task.sleep(for: context.amount(.seconds(35), quick: .seconds(5)))
        let processor = try ProcessStatus.processorSeconds(server.process.pid)
        let statements = try await server.statements { try await Task.sleep(for: .seconds(context.idleSeconds)) }
        let used = try ProcessStatus.processorSeconds(server.process.pid) - processor
        let memory = try server.memory
        try await server.stop()
        let seconds = Double(context.idleSeconds)
        return [
            Figure("SQL statements in \(context.idleSeconds) s", statements, .each),
            Figure("SQL statements", statements / seconds, .perSecond, goal: "under 0.05/s"),
            Figure("processor time in each second", 1000 * used / seconds, .milliseconds),
            Figure("resident memory", memory.now, .megabytes, goal: "under 60 MB"),
        ]
    }

    private static func configuration(_ repository: String) -> String {
        """
        project: idle
        sources:
          - {name: repository, git: "\(repository)", branches: ["main"], every: 30s}
        schedulers:
          - {name: never, kind: branch, branches: ["no-such-branch"], builders: [build]}
        builders:
          - name: build
            steps: [{name: nothing, run: "true"}]
        """
    }
}
