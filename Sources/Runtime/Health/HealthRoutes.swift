import HTTPDoor
import Hummingbird
import NIOCore

/// `/livez`, `/readyz` and `/metrics`: for those who watch over this process.
struct HealthRoutes: Sendable {
    var book: HealthBook
    var metrics: [MetricSource]

    func addRoutes(to router: DoorRouter) {
        router.get("/livez") { _, _ in Self.plain("ok\n") }
        router.get("/readyz") { _, _ in
            let (state, reasons) = await book.read()
            let word = state == .ready ? "ready" : state == .degraded ? "degraded" : "unavailable"
            let text = ([word] + reasons).map { $0 + "\n" }.joined()
            return Self.plain(text, status: state == .unready ? .serviceUnavailable : .ok)
        }
        router.get("/metrics") { _, _ in
            let (state, _) = await book.read()
            var text = PrometheusText()
            text.add("ready", .gauge, "1: ready, 0.5: degraded, 0: not ready.", state == .ready ? "1" : state == .degraded ? "0.5" : "0")
            for source in metrics { await source(&text) }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"], body: .init(byteBuffer: .init(string: text.text)))
        }
    }

    private static func plain(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: "text/plain; charset=utf-8"], body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
