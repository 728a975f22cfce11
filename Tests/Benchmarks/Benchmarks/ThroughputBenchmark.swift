import Foundation
import Synchronization

/// How many builds a second go through the whole durable lifecycle (a change over HTTP, buildset, request, build, accept, finish) when the builds
/// themselves are nothing: all of it is Doorbell's own work, and that of the workers and clients, which share the machine.
struct ThroughputBenchmark: Benchmark {
    static let name = "throughput"
    static let title = "Builds that run nothing, 20 workers over HTTP"

    private static let workers = 20
    private static let clients = 64

    /// What the threads of the load share.
    private final class Progress: Sendable {
        let posted = Atomic<Int>(0)
        let finished = Atomic<Int>(0)
        let feeding = Atomic<Bool>(true)
        let over = Atomic<Bool>(false)
        var open: Int { posted.load(ordering: .relaxed) - finished.load(ordering: .relaxed) }
    }

    func run(_ context: BenchmarkContext) async throws -> [Figure] {
        try await measure(context, slots: 1) + measure(context, slots: 8)
    }

    private func measure(_ context: BenchmarkContext, slots: Int) async throws -> [Figure] {
        let server = try await context.server(configuration: BenchConfiguration.each(labels: ["kind": "bare"], run: "true"), slots: 0)
        let progress = Progress()
        let port = server.port
        async let clients: [Void] = Threads.run(Self.clients) { try Self.feed(progress, port: port, client: $0, most: 2 * Self.workers * slots + 64) }
        async let workers: [Void] = Threads.run(Self.workers) { try Self.work(progress, port: port, worker: $0, slots: slots) }
        defer { progress.over.store(true, ordering: .relaxed) }
        try await Task.sleep(for: context.amount(.seconds(3), quick: .seconds(1)))
        let moments = Mutex<[(finished: Int, at: ContinuousClock.Instant, processor: Double)]>([])
        let note = { @Sendable in
            let processor = try ProcessStatus.processorSeconds(server.process.pid)
            moments.withLock { $0.append((progress.finished.load(ordering: .relaxed), ContinuousClock.now, processor)) }
        }
        let statements = try await server.statements {
            try note()
            try await Task.sleep(for: context.amount(.seconds(15), quick: .seconds(4)))
            try note()
        }
        progress.feeding.store(false, ordering: .relaxed)
        _ = try await clients
        try await drained(progress)
        progress.over.store(true, ordering: .relaxed)
        _ = try await workers
        let memory = try server.memory
        try await server.stop()
        let (start, end) = moments.withLock { ($0[0], $0[1]) }
        let builds = Double(end.finished - start.finished)
        let label = "\(slots) slot\(slots == 1 ? "" : "s") a worker"
        return [
            Figure(
                "builds, \(label)", builds / ((end.at - start.at) / .seconds(1)), .perSecond,
                floor: context.shared.map { Figure.Floor(what: "bare commits and confirms in batches", value: $0.buildsPerSecond) }
                    ?? Figure.Floor(what: "commits one after the other", value: 1000 / context.floors.commit),
                goal: context.shared == nil ? "1,000/s" : "0.5 of the floor"),
            Figure("SQL statements a build, \(label)", statements / builds, .each),
            Figure("processor time of the server a build, \(label)", 1000 * (end.processor - start.processor) / builds, .milliseconds),
            Figure("resident memory after, \(label)", memory.now, .megabytes),
        ]
    }

    /// Each change that was answered must have become a finished build.
    private func drained(_ progress: Progress) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while progress.open > 0 {
            guard ContinuousClock.now < deadline else { throw BenchmarkFailure("\(progress.open) changes were never built") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Submits changes while the builds that are open are few enough: the queue neither runs empty nor grows.
    private static func feed(_ progress: Progress, port: Int, client: Int, most: Int) throws {
        let connection = try ChangeClient(port: port, name: "client-\(client)")
        while progress.feeding.load(ordering: .relaxed), !progress.over.load(ordering: .relaxed) {
            guard progress.open < most else {
                usleep(1000)
                continue
            }
            progress.posted.add(1, ordering: .relaxed)
            try connection.submit()
        }
    }

    private static func work(_ progress: Progress, port: Int, worker: Int, slots: Int) throws {
        let worker = try BareWorker(port: port, name: "bare-\(worker)", slots: slots)
        while !progress.over.load(ordering: .relaxed) {
            let builds = try worker.claim(waitMilliseconds: 500)
            guard !builds.isEmpty else { continue }
            try worker.acceptAndFinish(builds)
            progress.finished.add(builds.count, ordering: .relaxed)
        }
        try worker.goodbye()
    }
}
