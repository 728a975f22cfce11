import Domain
import Foundation
import GRDB
import Storage
import StorageSQLite
import TestSupport

/// What a claim costs with a short queue and with a long one that nobody here can serve.
struct ClaimBenchmark {
    var unmatchable: Int
    private static let rounds = 200
    private static let matchable = 1000

    func run() async throws -> [Figure] {
        let short = try await claim(unmatchable: 0)
        let long = try await claim(unmatchable: unmatchable)
        return [
            Figure("sqlite: claim with \(Self.matchable) pending, p50", short.median, "ms"),
            Figure(
                "sqlite: claim with \(Self.matchable + unmatchable) pending, p50", long.median, "ms",
                ratio: (long.median / short.median, "the claim with \(Self.matchable)"), goal: "within 1.5 times"),
        ]
    }

    private func claim(unmatchable: Int) async throws -> [Double] {
        let directory = TemporaryDirectory()
        try await SQLiteStore.open(directory: directory.path).close()
        if unmatchable > 0 {
            let queue = try DatabaseQueue(path: directory.file("doorbell.sqlite"))
            try await queue.writeWithoutTransaction { db in
                for statement in HistoryGenerator(builds: 0, unmatchable: unmatchable).statements { try db.execute(sql: statement) }
            }
            try queue.close()
        }
        let store = try await SQLiteStore.open(directory: directory.path)
        let builder = Builder(name: "test", steps: [StepRecipe(name: "unit", action: .run(.shell("true")))])
        _ = try await store.apply(Configuration(project: "bench", builders: [builder]), digest: String(repeating: "1", count: 64))
        for number in 0..<Self.matchable {
            _ = try await store.force(
                ForceRequest(
                    builder: "test", project: "bench", repository: "https://example.org/bench.git", branch: "main", revision: "\(number)",
                    reason: "bench"), idempotency: nil)
        }
        let opening = SessionOpening(
            worker: "bench", incarnation: "bench-1234", secretHash: String(repeating: "0", count: 64), labels: [:], slots: 1000, version: "bench")
        let session = try await store.openSession(opening).session
        var times: [Double] = []
        var held = Set<BuildID>()
        for _ in 0..<Self.rounds {
            let start = ContinuousClock.now
            let builds = try await store.match([SlotOffer(session: session.id, worker: "bench", labels: [:], free: 1, holding: held)])
            times.append(start.duration(to: .now).milliseconds)
            guard builds.count == 1 else { throw BenchmarkFailure("a claim gave \(builds.count) builds") }
            held.formUnion(builds.map(\.build))
        }
        try await store.close()
        return times
    }
}
