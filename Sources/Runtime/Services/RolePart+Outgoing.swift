import Domain
import Foundation
import Relay
import Signals
import Storage

extension RolePart {
    /// What sends events to the subscribers of the configuration.
    static func outgoing(_ context: ProcessContext) -> RolePart {
        let configuration = context.configuration
        let outgoing = OutgoingService(
            store: context.store.store, deployment: context.store.store.deployment, bell: context.bell.bell, name: context.presence.incarnation,
            configuration: { configuration()?.configuration }, logger: context.makeLogger("outgoing"))
        let health = OutgoingHealth(service: outgoing)
        return RolePart(
            loops: [outgoing.loop], services: [outgoing], checks: [{ health.check(at: Timestamp(seconds: Date().timeIntervalSince1970)) }],
            metrics: [{ await health.addMetrics(to: &$0) }])
    }
}

/// How the subscribers stand that this process sends to.
struct OutgoingHealth: Sendable {
    let service: OutgoingService

    /// A server that restarts is nobody's trouble; one that is away for longer is.
    private static let longestSilence: Duration = .seconds(600)
    /// A database that answers later than this is as good as away.
    private static let patience: Duration = .seconds(3)

    func check(at now: Timestamp) -> Health {
        let failing = service.statistics.compactMap { name, statistics -> String? in
            guard let since = statistics.failingSince, now.since(since) >= Self.longestSilence else { return nil }
            return "subscriber \(name): nothing arrived for \(Int(now.since(since).inSeconds / 60)) min; see doorbell subscribers \(name)"
        }
        return failing.isEmpty ? .ready : .degraded(failing.joined(separator: "\n"))
    }

    func addMetrics(to text: inout PrometheusText) async {
        let known = service.statistics
        guard !known.isEmpty else { return }
        func add(_ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: (OutgoingStatistics) -> any CustomStringConvertible) {
            text.add(name, kind, help, by: "subscriber", known) { ($0.name, value($0.statistics)) }
        }
        add("outgoing_leading", .gauge, "1 while this process sends to the subscriber.") { $0.isLeading ? 1 : 0 }
        add("outgoing_sent_total", .counter, "Events that arrived at a subscriber, repeats included.") { $0.sent }
        add("outgoing_failed_total", .counter, "Tries to send that failed.") { $0.failed }
        add("outgoing_given_up_total", .counter, "Events that were tried for a day and given up.") { $0.givenUp }
        add("outgoing_terms_lost_total", .counter, "Terms that ended because another process took over.") { $0.termsLost }
        guard let rows = try? await Bounded.run(within: Self.patience, { try await service.rows() }) else { return }
        let named = Set(known.map(\.name))
        let listed = rows.filter { named.contains($0.name) }
        text.add("outgoing_waiting", .gauge, "Events that are set aside to be tried again.", by: "subscriber", listed) { ($0.name, $0.waiting) }
        text.add("outgoing_lag_events", .gauge, "Events that the subscriber's cursor has yet to pass.", by: "subscriber", listed) {
            ($0.name, $0.lag)
        }
        text.add("outgoing_lag_seconds", .gauge, "Age of the oldest of them.", by: "subscriber", listed) { ($0.name, $0.age.inSeconds) }
    }
}
