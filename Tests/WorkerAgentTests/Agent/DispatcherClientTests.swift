import Domain
import Hummingbird
import Testing
import Wire

@testable import WorkerAgent

/// How a worker finds a dispatcher that does what it asks.
@Suite struct DispatcherClientTests {
    private static func knowing() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("worker/v1/builds/{build}/trigger") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: .init(string: #"{"buildsets":[],"outcome":"success","text":"done"}"#)))
        }
        return router
    }

    @Test("An answer that stands still half-way is none, and is asked for again")
    func silentAnswer() async throws {
        let router = Router()
        router.post("worker/v1/builds/{build}/patch") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody { writer in
                    try await writer.write(.init(string: #"{"outcome":"#))
                    try await Task.sleep(for: .seconds(3600))
                })
        }
        try await LoopbackServer.serve(router, name: "silent") { url in
            let client = try DispatcherClient(urls: [url], connections: 2, silence: .milliseconds(200))
            let request = StepRequest(session: SessionID(1), fence: Fence(1), step: 1, attempt: 1)
            let failure: DispatcherError?
            do throws(DispatcherError) {
                _ = try await client.patch(request, build: BuildID(1), as: .init(session: SessionID(1), secret: "s"))
                failure = nil
            } catch {
                failure = error
            }
            try await client.shutdown()
            guard case .unavailable = failure else {
                Issue.record("expected none, found \(String(describing: failure))")
                return
            }
        }
    }

    @Test("What a dispatcher of an older version does not know, the next one is asked")
    func olderDispatcher() async throws {
        try await LoopbackServer.serve(Router(), name: "older") { older in
            try await LoopbackServer.serve(Self.knowing(), name: "newer") { newer in
                let credentials = DispatcherClient.Credentials(session: SessionID(1), secret: "s")
                let request = TriggerRequest(session: SessionID(1), fence: Fence(1), step: 1, attempt: 1, waitMilliseconds: 0)
                // Each begins at any of them.
                for _ in 0..<10 {
                    let client = try DispatcherClient(urls: [older, newer], connections: 2)
                    _ = try? await client.trigger(request, build: BuildID(1), as: credentials)
                    let answer = try? await client.trigger(request, build: BuildID(1), as: credentials)
                    // Also when it fails: a client that is not shut down ends the process.
                    try await client.shutdown()
                    #expect(answer?.outcome == .success)
                }
            }
        }
    }
}
