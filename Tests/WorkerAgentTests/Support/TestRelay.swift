import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization

/// One address whose dispatcher can be taken away and replaced by another, as behind a load balancer.
final class TestRelay: Sendable {
    private let current = Mutex<String?>(nil)

    func target(_ url: String?) {
        current.withLock { $0 = url }
    }

    func serve<Result: Sendable>(_ body: @Sendable (String) async throws -> Result) async throws -> Result {
        let router = Router()
        for method in [HTTPRequest.Method.get, .post, .patch, .delete] {
            router.on("**", method: method) { request, _ in try await self.relay(request) }
        }
        return try await LoopbackServer.serve(router, name: "relay", body)
    }

    private func relay(_ request: Request) async throws -> Response {
        guard let target = current.withLock({ $0 }) else { return Response(status: .badGateway) }
        let body = try await request.body.collect(upTo: 8 << 20)
        var outgoing = HTTPClientRequest(url: target + request.uri.description)
        outgoing.method = .RAW(value: request.method.rawValue)
        for field in request.headers where !["host", "content-length", "transfer-encoding"].contains(field.name.canonicalName) {
            outgoing.headers.add(name: field.name.rawName, value: field.value)
        }
        outgoing.body = .bytes(body)
        guard let answer = try? await HTTPClient.shared.execute(outgoing, timeout: .seconds(90)) else { return Response(status: .badGateway) }
        guard let bytes = try? await answer.body.collect(upTo: 8 << 20) else { return Response(status: .badGateway) }
        var response = Response(status: .init(code: Int(answer.status.code)), body: .init(byteBuffer: bytes))
        for (name, value) in answer.headers where ["range", "doorbell-control", "content-type"].contains(name.lowercased()) {
            if let field = HTTPField.Name(name) { response.headers[field] = value }
        }
        return response
    }
}

/// For what no signal tells.
enum Poll {
    struct TimedOut: Error {}

    static func until(within bound: Duration = .seconds(60), _ check: () -> Bool) async throws {
        let end = ContinuousClock.now + bound
        while !check() {
            guard ContinuousClock.now < end else { throw TimedOut() }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
