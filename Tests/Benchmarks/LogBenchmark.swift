import Foundation

/// One build that prints long lines as fast as it can, through a real worker.
struct LogBenchmark {
    var lines: Int
    private static let width = 250

    func run(_ backend: Backend, _ environment: [String: String]) async throws -> [Figure] {
        let line = String(repeating: "x", count: Self.width - 1)
        let configuration = """
            project: bench
            sources: []
            schedulers:
              - {name: each, kind: any-branch, builders: [talk]}
            builders:
              - name: talk
                steps:
                  - {name: talk, run: "yes \(line) | head -n \(lines)"}
            """
        let server = try await BenchmarkServer(configuration: configuration, ["--slots", "1"], environment: environment)
        let before = server.memory
        let start = ContinuousClock.now
        do {
            _ = try await server.api.post("/api/v1/changes", BenchmarkServer.change(0))
            let build = try await server.api.poll(within: .seconds(300)) { () -> [String: Any]? in
                let build = try await server.api.get("/api/v1/builds/1").object
                return build["phase"] as? String == "finished" ? build : nil
            }
            guard build["outcome"] as? String == "success" else { throw BenchmarkFailure("the build ended as \(build["outcome"] ?? "nothing")") }
        } catch {
            await server.stop()
            throw error
        }
        let elapsed = start.duration(to: .now)
        let grown = server.memory - before
        await server.stop()
        return [
            Figure(
                "\(backend.name): log of \(lines) lines, from change to finished build", Double(lines * Self.width) / 1e6 / elapsed.seconds, "MB/s",
                goal: "50"),
            Figure("\(backend.name): memory grown by it", grown, "MB"),
        ]
    }
}
