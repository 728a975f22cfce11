import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Signals
import Storage
import StorageSQLite

/// `/livez`, `/readyz` and `/metrics`: for those who watch over this process.
struct HealthRoutes: Sendable {
    var store: SQLiteStore
    var loops: [Loop]
    var started: ContinuousClock.Instant

    func addRoutes(to router: DoorRouter) {
        router.get("/livez") { _, _ in Response(status: .ok, body: .init(byteBuffer: .init(string: "ok\n"))) }
        router.get("/readyz") { _, _ in
            do {
                _ = try await store.latestCursor()
                let failing = loops.compactMap { loop in loop.statistics.failing.map { "\(loop.name.rawValue): \($0)" } }
                return Response(
                    status: .ok,
                    body: .init(byteBuffer: .init(string: failing.isEmpty ? "ready\n" : "degraded\n" + failing.joined(separator: "\n") + "\n")))
            } catch {
                return Response(status: .serviceUnavailable, body: .init(byteBuffer: .init(string: "the store cannot be read\n")))
            }
        }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: .init(string: try await metrics())))
        }
    }

    /// Prometheus text, version 0.0.4.
    private func metrics() async throws -> String {
        var lines: [String] = []
        func metric(_ name: String, _ kind: String, _ help: String, _ values: [(labels: String, value: String)]) {
            lines.append("# HELP doorbell_\(name) \(help)")
            lines.append("# TYPE doorbell_\(name) \(kind)")
            lines += values.map { "doorbell_\(name)\($0.labels) \($0.value)" }
        }
        func byLoop(_ value: (LoopStatistics) -> String) -> [(String, String)] {
            loops.map { ("{loop=\"\($0.name.rawValue)\"}", value($0.statistics)) }
        }
        metric("up_seconds", "gauge", "Time since the start.", [("", String((ContinuousClock.now - started).inSeconds))])
        metric("loop_passes_total", "counter", "Passes of a loop.", byLoop { String($0.passes) })
        metric("loop_errors_total", "counter", "Passes that ended with an error.", byLoop { String($0.errors) })
        metric("loop_rings_total", "counter", "Rings that a loop heard.", byLoop { String($0.rings) })
        metric("loop_busy_seconds_total", "counter", "Time spent in passes.", byLoop { String($0.busy.inSeconds) })
        if let statements = store.statementCount {
            metric("sql_statements_total", "counter", "SQL statements run.", [("", String(statements))])
        }
        let counts = try await store.builderCounts()
        let now = try await store.now()
        func byBuilder(_ value: (BuilderCounts) -> String) -> [(String, String)] {
            counts.map { ("{builder=\"\(Self.escaped($0.builder))\"}", value($0)) }
        }
        metric("requests_pending", "gauge", "Requests that wait.", byBuilder { String($0.pending) })
        metric("requests_claimed", "gauge", "Requests that are being built.", byBuilder { String($0.claimed) })
        metric(
            "oldest_wait_seconds", "gauge", "Age of the oldest waiting request.",
            byBuilder { counts in String(counts.oldestPending.map { max(0, now.since($0).inSeconds) } ?? 0) })
        return lines.joined(separator: "\n") + "\n"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
