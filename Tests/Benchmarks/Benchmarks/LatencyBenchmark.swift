import Foundation

/// How long a person waits on a quiet machine: from the answer to a change until the first command of its build runs on the embedded worker.
struct LatencyBenchmark: Benchmark {
    static let name = "latency"
    static let title = "Latency, one change at a time"

    private struct Times {
        var answered = Samples()
        var running = Samples()
    }

    func run(_ context: BenchmarkContext) async throws -> [Figure] {
        let pipe = FileManager.default.temporaryDirectory.appending(path: "doorbell-bench-\(getpid())-marks").path
        let marks = try Marks(path: pipe)
        defer { unlink(pipe) }
        let configuration = BenchConfiguration.each(labels: [:], run: "echo \"$DOORBELL_REVISION\" > '\(pipe)'")
        let server = try await context.server(configuration: configuration, slots: 2)
        let (warm, samples) = context.amount((20, 300), quick: (5, 50))
        let times = try await Threads.run { try Self.measure(marks, port: server.port, warm: warm, samples: samples) }
        try await server.stop()
        // Taking the change to pieces: classified, assigned, accepted by the worker, and the command's own start.
        let floor =
            context.shared.map { Figure.Floor(what: "commit, ring, claim and a spawn", value: $0.ring.median + context.floors.spawn) }
            ?? Figure.Floor(what: "3 commits and a spawn", value: 3 * context.floors.commit + context.floors.spawn)
        return [
            Figure("change answered to first command running, p50", times.running.median, .milliseconds, floor: floor, goal: "under 15 ms"),
            Figure("change answered to first command running, p99", times.running.percentile(99), .milliseconds, floor: floor),
            Figure(
                "change sent to answered, p50", times.answered.median, .milliseconds,
                floor: Figure.Floor(what: "1 commit", value: context.floors.commit)),
        ]
    }

    private static func measure(_ marks: Marks, port: Int, warm: Int, samples: Int) throws -> Times {
        let client = try ChangeClient(port: port, name: "latency")
        var times = Times()
        for sample in 0..<(warm + samples) {
            let sent = ContinuousClock.now
            try client.submit()
            let answered = ContinuousClock.now
            let running = try marks.next()
            guard running.text == client.revision else {
                throw BenchmarkFailure("the command of \(client.revision) was to run, that of \(running.text) did")
            }
            if sample >= warm {
                times.answered.add(answered - sent)
                times.running.add(running.at - answered)
            }
            // The build ends, and the machine is quiet again. Never the same time, so that no timer keeps step with it.
            usleep(UInt32.random(in: 30_000...60_000))
        }
        return times
    }
}
