import GRDB
import TestSupport

/// Whether a claim stays as fast when a million requests wait that no worker here can serve. Two servers run side by side and are asked in turn, so
/// that whatever else the machine does meets both.
struct ClaimBenchmark: Benchmark {
    static let name = "claim"
    static let title = "Claims from a short and a long queue"

    private static let matchable = 1000

    func run(_ context: BenchmarkContext) async throws -> [Figure] {
        // A million rows are made in seconds there.
        guard case .sqlite = context.backend else { return [] }
        let unmatchable = context.amount(999_000, quick: 99_000)
        let short = try await server(unmatchable: 0, context)
        let long = try await server(unmatchable: unmatchable, context)
        let claims = context.amount(400, quick: 100)
        let ports = [short.port, long.port]
        let (times, trip) = try await Threads.run { try Self.measure(ports, claims: claims) }
        let memory = try long.memory
        try await short.stop()
        try await long.stop()
        let floor = Figure.Floor(what: "1 commit and 1 HTTP call", value: context.floors.commit + trip)
        let total = (Self.matchable + unmatchable).formatted()
        return [
            Figure("claim with 1,000 pending, p50", times[0].median, .milliseconds, floor: floor),
            Figure("claim with \(total) pending, p50", times[1].median, .milliseconds, floor: floor),
            Figure("the long queue against the short one, p50", times[1].median / times[0].median, .times, goal: "within 1.5"),
            Figure("resident memory with \(total) pending", memory.now, .megabytes),
        ]
    }

    /// The requests that nobody can serve are older than those that somebody can, and their builders are configured.
    private func server(unmatchable: Int, _ context: BenchmarkContext) async throws -> Server {
        let history = HistoryGenerator(builds: 0, unmatchable: unmatchable)
        let builders = (1...history.builders).map {
            "  - {name: history-\($0), labels: {os: nowhere}, steps: [{name: nothing, run: \"true\"}]}"
        }
        let configuration = BenchConfiguration.each(labels: ["kind": "bare"], run: "true", more: builders.joined(separator: "\n"))
        let server = try await context.server(configuration: configuration, slots: 0) { path in
            let database = try DatabaseQueue(path: path)
            try database.writeWithoutTransaction { db in
                for statement in history.statements { try db.execute(sql: statement) }
            }
            try database.close()
        }
        let port = server.port
        try await Threads.run {
            let client = try ChangeClient(port: port, name: "claim")
            for _ in 0..<Self.matchable { try client.submit() }
        }
        return server
    }

    private static func measure(_ ports: [Int], claims: Int) throws -> (times: [Samples], trip: Double) {
        let workers = try ports.map { try BareWorker(port: $0, name: "bare", slots: 1) }
        var times = ports.map { _ in Samples() }
        var trips = Samples()
        for claim in 0..<(claims + 20) {
            for (place, worker) in workers.enumerated() {
                let begun = ContinuousClock.now
                _ = try worker.connection.get("/livez")
                let start = ContinuousClock.now
                let builds = try worker.claim(waitMilliseconds: 0)
                let end = ContinuousClock.now
                guard builds.count == 1 else { throw BenchmarkFailure("a claim found \(builds.count) builds in a queue that has many") }
                // Out of the way: it is the claim that is measured.
                try worker.acceptAndFinish(builds)
                guard claim >= 20 else { continue }
                times[place].add(end - start)
                trips.add(start - begun)
            }
        }
        for worker in workers { try worker.goodbye() }
        return (times, trips.median)
    }
}
