import Foundation
import ProcessSupport
import TestSupport

/// What a bare program takes on the same PostgreSQL and RabbitMQ for the same commits, rings and confirms (`Tests/Floor`).
struct SharedFloors: Sendable {
    /// A row committed, a ring through the broker, the row claimed; in milliseconds.
    var ring: Samples
    /// Builds from the change to the end in batches of 40: four commits, ten confirmed events each.
    var buildsPerSecond: Double
    var eventsPerSecond: Double

    static let title = "Floors of PostgreSQL and RabbitMQ, by bare libpq and librabbitmq"

    static func measure(quick: Bool, database: String, brokerPort: Int) async throws -> SharedFloors {
        let directory = TemporaryDirectory()
        let broker = ["127.0.0.1", String(brokerPort)]
        func floor(_ arguments: [String]) async throws -> [Double] {
            let process = try RunningProcess(
                Binaries.floor, arguments, in: directory.path, logs: directory.path, name: "floor-\(arguments[0])")
            guard await process.status(within: .seconds(120)) == 0 else {
                throw BenchmarkFailure("the floor program did not end well: \(process.errorOutput.suffix(500))")
            }
            return process.output.split(separator: "\n").compactMap { Double($0) }
        }
        var ring = Samples()
        for time in try await floor(["latency", database] + broker + [quick ? "100" : "500"]) { ring.add(.microseconds(Int64(time * 1000))) }
        let builds = try await floor(["lifecycle", database] + broker + [quick ? "8000" : "40000", "40"])
        let events = try await floor(["publish"] + broker + [quick ? "50000" : "300000"])
        guard let builds = builds.first, let events = events.first else { throw BenchmarkFailure("the floor program said nothing") }
        return SharedFloors(ring: ring, buildsPerSecond: builds, eventsPerSecond: events)
    }

    var figures: [Figure] {
        [
            Figure("commit, ring and claim, p50", ring.median, .milliseconds),
            Figure("commit, ring and claim, p99", ring.percentile(99), .milliseconds),
            Figure("builds in batches of 40, ten confirmed events each", buildsPerSecond, .perSecond),
            Figure("events confirmed, in windows of 2,000", eventsPerSecond, .perSecond),
        ]
    }
}
