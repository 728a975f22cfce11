import Foundation

/// From the answer to a change to the first thing its build does, one after the other on a quiet server with an embedded worker.
struct LatencyBenchmark {
    var rounds: Int

    /// The first command says when it runs; a shell is spawned for it, and `date` by that.
    private static let configuration = """
        project: bench
        sources: []
        schedulers:
          - {name: each, kind: any-branch, builders: [stamp]}
        builders:
          - name: stamp
            steps:
              - {name: stamp, run: [date, "+%s%N"]}
        """

    func run(_ backend: Backend, _ environment: [String: String], _ floors: Floors) async throws -> [Figure] {
        let server = try await BenchmarkServer(configuration: Self.configuration, ["--slots", "1"], environment: environment)
        var waits: [Double] = []
        do {
            for round in 0..<rounds {
                let answer = try await server.api.post("/api/v1/changes", BenchmarkServer.change(round))
                let answered = Self.now()
                guard answer.status == 201 else { throw BenchmarkFailure("a change was answered \(answer.status): \(answer.text)") }
                let build = round + 1
                let started = try await server.api.poll { () -> Double? in
                    guard try await server.api.get("/api/v1/builds/\(build)").object["phase"] as? String == "finished" else { return nil }
                    return Double(
                        try await server.api.get("/api/v1/builds/\(build)/logs/1-stamp").text.trimmingCharacters(in: .whitespacesAndNewlines))
                }
                waits.append((started - answered) / 1e6)
            }
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
        let spawn = floors.spawn.milliseconds
        return [
            Figure(
                "\(backend.name): change answered to command running, p50", waits.median, "ms", ratio: (waits.median / spawn, "a spawn"),
                goal: "under 15"),
            Figure(
                "\(backend.name): change answered to command running, p99", waits.percentile(0.99), "ms",
                ratio: (waits.percentile(0.99) / spawn, "a spawn")),
        ]
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}

struct BenchmarkFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
