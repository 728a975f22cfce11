import Foundation
import ProcessSupport

/// How fast the output of a build becomes a log: of one build that prints 200,000 lines on a worker of its own process, and of bare log calls.
struct LogBenchmark: Benchmark {
    static let name = "logs"
    static let title = "Logs, one build of 200,000 lines"

    private static let lines = 200_000
    /// Bytes of a line with its end.
    private static let width = 100
    private static var megabytes: Double { Double(lines * width) / 1e6 }

    func run(_ context: BenchmarkContext) async throws -> [Figure] {
        let floor = Figure.Floor(what: "writing a file", value: context.floors.file)
        return try await printed(context, floor) + called(context, floor)
    }

    private func printed(_ context: BenchmarkContext, _ floor: Figure.Floor) async throws -> [Figure] {
        let pipe = FileManager.default.temporaryDirectory.appending(path: "doorbell-bench-\(getpid())-begins").path
        let marks = try Marks(path: pipe)
        defer { unlink(pipe) }
        let line = String(repeating: "x", count: Self.width - 1)
        let command = "echo begins > '\(pipe)'; yes \(line) | head -n \(Self.lines)"
        let server = try await context.server(configuration: BenchConfiguration.each(labels: [:], run: command), slots: 0)
        let worker = try server.deployment.startWorker("printer")
        let port = server.port
        let builds = context.amount(7, quick: 3)
        let speeds = try await Threads.run { try Self.print(marks, port: port, builds: builds) }
        let (memory, agent) = (try server.memory, try ProcessStatus.memory(worker.pid))
        worker.send(SIGTERM)
        guard await worker.status() == 0 else { throw BenchmarkFailure("the worker did not end well: \(worker.errorOutput.suffix(500))") }
        try await server.stop()
        return [
            Figure("command begins to print until its build has finished", Self.median(speeds), .megabytesPerSecond, floor: floor, goal: "50 MB/s"),
            Figure("peak memory of the server", memory.peak, .megabytes),
            Figure("peak memory of the worker", agent.peak, .megabytes),
        ]
    }

    /// MB/s of each build: from its first byte until all of the log is on the server's disk, checked, and the build has ended.
    private static func print(_ marks: Marks, port: Int, builds: Int) throws -> [Double] {
        let client = try ChangeClient(port: port, name: "printed")
        let reader = try WebConnection(port: port)
        return try (1...builds).map { build in
            try client.submit()
            let begun = try marks.next().at
            while true {
                let answer = try reader.get("/api/v1/builds/\(build)")
                if answer.text.contains("\"outcome\":\"success\"") { break }
                guard answer.status == 200, ContinuousClock.now - begun < .seconds(120) else {
                    throw BenchmarkFailure("build \(build) did not succeed: \(answer.text.prefix(500))")
                }
                usleep(2000)
            }
            return megabytes / ((ContinuousClock.now - begun) / .seconds(1))
        }
    }

    private func called(_ context: BenchmarkContext, _ floor: Figure.Floor) async throws -> [Figure] {
        let server = try await context.server(configuration: BenchConfiguration.each(labels: ["kind": "bare"], run: "true"), slots: 0)
        let port = server.port
        let builds = context.amount(7, quick: 3)
        let sizes = [64 << 10, 1 << 20]
        let speeds = try await Threads.run {
            let client = try ChangeClient(port: port, name: "called")
            let worker = try BareWorker(port: port, name: "bare", slots: 1)
            defer { try? worker.goodbye() }
            return try sizes.map { size in try (0..<builds).map { _ in try Self.append(client, worker, pieces: size) } }
        }
        try await server.stop()
        return zip(["64 KiB", "1 MiB"], speeds).map {
            Figure("log calls of \($0), one after the other", Self.median($1), .megabytesPerSecond, floor: floor)
        }
    }

    private static func append(_ client: ChangeClient, _ worker: BareWorker, pieces: Int) throws -> Double {
        try client.submit()
        let builds = try worker.claim(waitMilliseconds: 10_000)
        guard let build = builds.first else { throw BenchmarkFailure("a change was not built within 10 s") }
        try worker.accept(builds)
        let text = [UInt8](repeating: UInt8(ascii: "x"), count: lines * width)
        let start = ContinuousClock.now
        for offset in stride(from: 0, to: text.count, by: pieces) {
            try worker.append(text[offset..<min(offset + pieces, text.count)], at: offset, to: build)
        }
        let speed = megabytes / ((ContinuousClock.now - start) / .seconds(1))
        try worker.finish(builds)
        return speed
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
