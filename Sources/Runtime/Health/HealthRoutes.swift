import HTTPDoor
import Hummingbird
import NIOCore

/// `/livez`, `/readyz` and `/metrics`: for those who watch over this process.
struct HealthRoutes: Sendable {
    var checks: [HealthCheck]
    var metrics: [MetricSource]

    func addRoutes(to router: DoorRouter) {
        router.get("/livez") { _, _ in Self.plain("ok\n") }
        router.get("/readyz") { _, _ in
            let (state, reasons) = await health()
            let word = state == .ready ? "ready" : state == .degraded ? "degraded" : "unavailable"
            let text = ([word] + reasons).map { $0 + "\n" }.joined()
            return Self.plain(text, status: state == .unready ? .serviceUnavailable : .ok)
        }
        router.get("/metrics") { _, _ in
            let (state, _) = await health()
            var text = PrometheusText()
            text.add("ready", .gauge, "1: ready, 0.5: degraded, 0: not ready.", state == .ready ? "1" : state == .degraded ? "0.5" : "0")
            for source in metrics { await source(&text) }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"], body: .init(byteBuffer: .init(string: text.text)))
        }
    }

    /// The worst of all states, and every reason.
    private func health() async -> (state: Health.State, reasons: [String]) {
        await withTaskGroup(of: (Int, Health).self) { group in
            for (place, check) in checks.enumerated() { group.addTask { (place, await check()) } }
            var found: [(Int, Health)] = []
            for await answer in group { found.append(answer) }
            let sorted = found.sorted { $0.0 < $1.0 }.map(\.1)
            return (sorted.map(\.state).max() ?? .ready, sorted.compactMap(\.reason))
        }
    }

    private static func plain(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        // One line a reason, whatever an error's text holds.
        Response(status: status, headers: [.contentType: "text/plain; charset=utf-8"], body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
