import Foundation

/// How many changes a second are held against 200 rules, by one scheduler and by two.
struct ClassifyBenchmark: Benchmark {
    static let name = "classify"
    static let title = "Changes held against 200 rules"

    func run(_ context: BenchmarkContext) async throws -> [Figure] {
        guard context.shared != nil else { return [] }
        let services = try await ServiceSet(configuration: Self.configuration, environment: try await context.environment())
        let one = try await rate(services, schedulers: 1, changes: context.amount(40_000, quick: 8_000))
        let two = try await rate(services, schedulers: 2, changes: context.amount(40_000, quick: 8_000))
        try await services.stop()
        return [
            Figure("changes, one scheduler", one, .perSecond, goal: "10,000/s"),
            Figure(
                "changes, two schedulers", two, .perSecond, floor: Figure.Floor(what: "one scheduler", value: one),
                goal: "1.6 times where the database is not the limit"),
        ]
    }

    private func rate(_ services: ServiceSet, schedulers: Int, changes: Int) async throws -> Double {
        try await services.accept(changes)
        let count = Double(changes / 32 * 32)
        var members: [ServiceSet.Member] = []
        let start = ContinuousClock.now
        for _ in 0..<schedulers { members.append(try await services.start("scheduler")) }
        var (first, last): ((Double, ContinuousClock.Instant)?, (Double, ContinuousClock.Instant)) = (nil, (0, start))
        while last.0 < count {
            guard ContinuousClock.now - start < .seconds(120) else { throw BenchmarkFailure("\(Int(last.0)) changes of \(changes) were classified") }
            var done = 0.0
            var working = 0
            for member in members {
                let mine = try await member.metric("changes_classified_total")
                done += mine
                if mine > 0 { working += 1 }
            }
            last = (done, .now)
            // From the moment when all of them work.
            if first == nil, working == schedulers { first = last }
            try await Task.sleep(for: .milliseconds(10))
        }
        guard let first, last.0 > first.0 else { throw BenchmarkFailure("the changes were classified before it could be watched") }
        for member in members { try await services.stop(member) }
        return (last.0 - first.0) / ((last.1 - first.1) / .seconds(1))
    }

    private static var configuration: String {
        let rules = (1...200).map {
            "  - {name: rule\($0), kind: branch, branches: [main, \"release/*\"], files: [\"module\($0)/**\"], builders: [build]}"
        }
        return """
            project: bench
            sources: []
            schedulers:
            \(rules.joined(separator: "\n"))
            builders:
              - name: build
                steps: [{name: nothing, run: "true"}]
            """
    }
}
