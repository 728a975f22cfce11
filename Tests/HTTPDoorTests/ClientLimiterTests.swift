import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing
import Wire

@testable import HTTPDoor

@Suite struct ClientLimiterTests {
    private func statuses(_ client: any TestClientProtocol, _ path: String, _ method: HTTPRequest.Method, times: Int) async throws -> [Int] {
        var statuses: [Int] = []
        for _ in 0..<times { statuses.append(try await client.executeRequest(uri: path, method: method, headers: [:], body: nil).status.code) }
        return statuses
    }

    @Test("Who writes too much is told to come back later; reads, workers, forges and health checks go on")
    func writes() async throws {
        let router = DoorRouter(context: DoorContext.self)
        let start = ContinuousClock.now
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: ClientLimiter(ClientLimits(writes: 1, reads: 1000), now: { start }))
        for path in ["/api/v1/things", "/worker/v1/claims", "/hooks/forge"] as [RouterPath] { router.post(path) { _, _ in Response(status: .ok) } }
        router.get("/api/v1/things") { _, _ in Response(status: .ok) }
        router.get("/livez") { _, _ in Response(status: .ok) }
        try await Application(router: router).test(.router) { client in
            let written = try await statuses(client, "/api/v1/things", .post, times: 8)
            // As many at once as five seconds allow.
            #expect(written == [200, 200, 200, 200, 200, 429, 429, 429])
            for (path, method) in [
                ("/api/v1/things", .get), ("/worker/v1/claims", .post), ("/hooks/forge", .post), ("/livez", .get),
            ] as [(String, HTTPRequest.Method)] {
                let others = try await statuses(client, path, method, times: 20)
                #expect(others.allSatisfy { $0 == 200 }, "\(path)")
            }
            let refused = try await client.executeRequest(uri: "/api/v1/things", method: .post, headers: [:], body: nil)
            #expect(refused.status == .tooManyRequests)
            #expect(refused.headers[.retryAfter] == "1")
            #expect(try Door.problem(refused).type == "urn:doorbell:problem:too_many_requests")
        }
    }

    @Test("Without limits nobody is held back")
    func none() async throws {
        let router = DoorRouter.door()
        router.post("/api/v1/things") { _, _ in Response(status: .ok) }
        try await Application(router: router).test(.router) { client in
            let written = try await statuses(client, "/api/v1/things", .post, times: 2000)
            #expect(written.allSatisfy { $0 == 200 })
        }
    }

    @Test("Slashes more than needed, and signing in, are counted too")
    func slashes() async throws {
        let router = DoorRouter(context: DoorContext.self)
        let start = ContinuousClock.now
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: ClientLimiter(ClientLimits(writes: 1, reads: 1), now: { start }))
        for path in ["/api/v1/things", "/sign-in"] as [RouterPath] { router.post(path) { _, _ in Response(status: .ok) } }
        try await Application(router: router).test(.router) { client in
            var written = try await statuses(client, "//api/v1/things", .post, times: 3)
            written += try await statuses(client, "/sign-in", .post, times: 3)
            #expect(written == [200, 200, 200, 200, 200, 429])
        }
    }
}
