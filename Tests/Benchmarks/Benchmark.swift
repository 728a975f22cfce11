import Foundation
import ProcessSupport
import TestSupport

/// Everything that is measured, by its name on the command line.
enum Benchmark: String, CaseIterable, Sendable {
    case latency, throughput, changes, claim, logs, idle

    func run(
        backend: Backend, environment: @Sendable () async throws -> [String: String], options: BenchmarkOptions, floors: Floors
    ) async throws -> [Figure] {
        let quick = options.isQuick
        switch self {
        case .latency: return try await LatencyBenchmark(rounds: quick ? 30 : 200).run(backend, environment(), floors)
        case .throughput: return try await ThroughputBenchmark(builds: quick ? 1000 : 10_000).run(backend, environment(), floors)
        case .changes: return try await ChangesBenchmark(changes: quick ? 2000 : 20_000).run(backend, environment(), floors)
        case .claim:
            // In this process, on the embedded store alone: a million rows are made in seconds there.
            guard case .sqlite = backend else { return [] }
            return try await ClaimBenchmark(unmatchable: quick ? 100_000 : 999_000).run()
        case .logs: return try await LogBenchmark(lines: quick ? 50_000 : 200_000).run(backend, environment())
        case .idle: return try await IdleBenchmark(interval: quick ? .seconds(10) : .seconds(60)).run(backend, environment())
        }
    }
}

/// A `doorbell up` in a directory of its own, for one benchmark.
struct BenchmarkServer {
    let directory = TemporaryDirectory()
    let deployment: Deployment
    let process: RunningProcess

    init(configuration: String, _ arguments: [String], environment: [String: String]) async throws {
        deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(configuration: configuration)
        process = try await deployment.start(arguments, environment: environment)
    }

    var api: API { deployment.api }

    func stop() async {
        process.send(SIGTERM)
        if await process.status(within: .seconds(30)) == nil { process.send(SIGKILL) }
    }

    /// Resident memory in MB.
    var memory: Double {
        let text = (try? String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(separator: " ").compactMap { Double($0) }.first.map { $0 / 1024 } ?? .nan
    }

    /// The statements that the store has run so far.
    func statements() async throws -> Double? {
        let text = try await api.get("/metrics").text
        return text.split(separator: "\n").first { $0.hasPrefix("doorbell_sql_statements_total ") }?.split(separator: " ").last.flatMap { Double($0) }
    }

    static func change(_ number: Int, branch: String = "main") -> [String: any Sendable] {
        [
            "source": "bench", "project": "bench", "repository": "https://example.org/bench.git", "branch": branch,
            "revision": String(format: "%040x", number + 1), "author": "Ada Example <ada@example.org>", "comments": "change \(number)",
            "dedupe_key": "bench-\(number)",
        ]
    }
}
