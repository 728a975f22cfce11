import Foundation

/// Changes accepted over HTTP, one by one from 64 clients; nobody is interested in them.
struct ChangesBenchmark {
    var changes: Int
    private static let clients = 64

    private static let configuration = """
        project: bench
        sources: []
        schedulers: []
        builders:
          - name: nothing
            steps:
              - {name: nothing, run: [true]}
        """

    func run(_ backend: Backend, _ environment: [String: String], _ floors: Floors) async throws -> [Figure] {
        let server = try await BenchmarkServer(configuration: Self.configuration, ["--slots", "0"], environment: environment)
        let total = changes
        let start = ContinuousClock.now
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<Self.clients {
                    group.addTask {
                        for number in stride(from: client, to: total, by: Self.clients) {
                            let answer = try await server.api.post("/api/v1/changes", BenchmarkServer.change(number))
                            guard answer.status == 201 else { throw BenchmarkFailure("a change was answered \(answer.status): \(answer.text)") }
                        }
                    }
                }
                try await group.waitForAll()
            }
        } catch {
            await server.stop()
            throw error
        }
        let rate = Double(total) / start.duration(to: .now).seconds
        await server.stop()
        return [
            Figure(
                "\(backend.name): changes accepted over HTTP", rate, "changes/s", ratio: (rate * floors.commit.seconds, "one commit a change"),
                goal: "5000")
        ]
    }
}
