import Intake

/// How the feeds from other brokers stand.
struct FeedHealth: Sendable {
    let feeds: FeedIntake

    func check() -> Health {
        let failing = feeds.reports().compactMap { report in
            report.status.trouble.map { "source \(report.name): \($0.replacing("\n", with: " "))" }
        }
        return failing.isEmpty ? .ready : .degraded(failing.joined(separator: "\n"))
    }

    func addMetrics(to text: inout PrometheusText) {
        let reports = feeds.reports()
        text.add(
            "feed_messages_total", .counter, "Messages of feeds, by source and what became of them.",
            reports.flatMap { report in
                [
                    PrometheusText.Sample(labels: [("source", report.name), ("fate", "done")], value: String(report.status.done)),
                    PrometheusText.Sample(labels: [("source", report.name), ("fate", "poison")], value: String(report.status.poisoned)),
                ]
            })
        text.add(
            "feed_connected", .gauge, "1 while a feed reads its queue.",
            reports.map { PrometheusText.Sample(labels: [("source", $0.name)], value: $0.status.isConnected ? "1" : "0") })
    }
}
