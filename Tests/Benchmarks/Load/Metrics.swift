import ProcessSupport

/// Figures of `/metrics`.
enum Metrics {
    static func value(_ name: String, at api: API) async throws -> Double {
        let text = try await api.get("/metrics").text
        let line = text.split(separator: "\n").first { $0.hasPrefix("doorbell_\(name) ") || $0.hasPrefix("\(name) ") }
        guard let line, let value = line.split(separator: " ").last.flatMap({ Double($0) }) else {
            throw BenchmarkFailure("/metrics has no \(name)")
        }
        return value
    }
}
