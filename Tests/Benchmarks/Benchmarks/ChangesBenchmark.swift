import Foundation
import Synchronization

/// How many changes a second are taken in over HTTP, one a call, from many clients; each is classified, and leads to nothing.
struct ChangesBenchmark: Benchmark {
    static let name = "changes"
    static let title = "Changes over HTTP, 64 clients"

    private static let clients = 64

    func run(_ context: BenchmarkContext) async throws -> [Figure] {
        let server = try await context.server(configuration: BenchConfiguration.each(labels: ["kind": "bare"], run: "true"), slots: 0)
        let port = server.port
        let over = Over()
        let (warm, seconds) = context.amount((2, 10), quick: (1, 3))
        async let counts: [Void] = Threads.run(Self.clients) { number in
            let client = try ChangeClient(port: port, name: "client-\(number)")
            while !over.flag.load(ordering: .relaxed) {
                try client.submit(branch: "nobody-builds-this")
                over.accepted.add(1, ordering: .relaxed)
            }
        }
        defer { over.flag.store(true, ordering: .relaxed) }
        try await Task.sleep(for: .seconds(warm))
        let (start, before, used) = (
            ContinuousClock.now, over.accepted.load(ordering: .relaxed), try ProcessStatus.processorSeconds(server.process.pid)
        )
        try await Task.sleep(for: .seconds(seconds))
        let accepted = Double(over.accepted.load(ordering: .relaxed) - before)
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let processor = try ProcessStatus.processorSeconds(server.process.pid) - used
        over.flag.store(true, ordering: .relaxed)
        _ = try await counts
        try await server.stop()
        return [
            Figure(
                "changes accepted", accepted / elapsed, .perSecond,
                floor: Figure.Floor(what: "commits one after the other", value: 1000 / context.floors.commit)),
            Figure("processor time of the server a change", 1000 * processor / accepted, .milliseconds),
        ]
    }

    private final class Over: Sendable {
        let flag = Atomic<Bool>(false)
        let accepted = Atomic<Int>(0)
    }
}
