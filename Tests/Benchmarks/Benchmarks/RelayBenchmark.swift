import Foundation

/// How many events a second a relay reads from the outbox, hands to the broker in order and has confirmed.
struct RelayBenchmark: Benchmark {
    static let name = "relay"
    static let title = "Events relayed, ordered and confirmed, by one relay"

    func run(_ context: BenchmarkContext) async throws -> [Figure] {
        // Without a broker there is nothing to relay to.
        guard let bare = context.shared else { return [] }
        let environment = try await context.environment()
        let services = try await ServiceSet(configuration: BenchConfiguration.each(labels: [:], run: "true"), environment: environment)
        let count = context.amount(60_000, quick: 10_000)
        try await services.accept(count)
        // It has the whole backlog before it when it starts.
        let relay = try await services.start("relay")
        var (first, last): ((Double, ContinuousClock.Instant)?, (Double, ContinuousClock.Instant)) = (nil, (0, .now))
        let deadline = ContinuousClock.now + .seconds(120)
        while last.0 < Double(count / 32 * 32) {
            guard ContinuousClock.now < deadline else { throw BenchmarkFailure("\(Int(last.0)) events of \(count) were relayed") }
            last = (try await relay.metric("relay_published_total"), .now)
            if first == nil, last.0 > 0 { first = last }
            try await Task.sleep(for: .milliseconds(10))
        }
        guard let first, last.0 > first.0 else { throw BenchmarkFailure("the relay was done before it could be watched") }
        try await services.stop(relay)
        try await services.stop()
        return [
            Figure(
                "events", (last.0 - first.0) / ((last.1 - first.1) / .seconds(1)), .perSecond,
                floor: Figure.Floor(what: "confirmed by bare librabbitmq", value: bare.eventsPerSecond), goal: "10,000/s")
        ]
    }
}
