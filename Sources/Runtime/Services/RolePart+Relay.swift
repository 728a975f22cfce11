import Foundation
import Relay
import ServiceLifecycle
import Signals
import SignalsAMQP
import Storage

extension RolePart {
    /// Sends events to the subscribers, and relays the outbox of a shared store to the broker; on an embedded one there is nothing to relay, for its events
    /// are read where they are written.
    static func relay(_ context: ProcessContext) throws -> RolePart {
        var part = outgoing(context)
        guard let store = context.store.relay else { return part }
        let publisher = try publisher(context, ExchangeRole.common)
        let projections = context.settings.publishesCDEvents ? try self.publisher(context, [.cdevents]) : nil
        let relay = RelayService(
            store: store, deployment: context.store.store.deployment, bell: context.bell.bell, publisher: publisher,
            projections: projections, name: context.presence.incarnation, logger: context.makeLogger("relay"))
        let housekeeping = Housekeeping(store: store, bell: context.bell.bell, logger: context.makeLogger("relay"))
        part.loops += relay.loops + [housekeeping.loop]
        part.services += [publisher, projections].compactMap { $0 }
        part.checks += [
            { publisher?.statistics.trouble.map { .degraded("broker: \($0); events wait in the outbox") } ?? .ready },
            { projections?.statistics.trouble.map { .degraded("broker: \($0); events are not published as CDEvents") } ?? .ready },
            {
                let overdue = housekeeping.overdue
                return overdue.isEmpty
                    ? .ready : .degraded("history is kept beyond its time, for it is not published: \(overdue.joined(separator: " "))")
            },
        ]
        part.metrics.append { await RelayMetrics(relay: relay, publisher: publisher).add(to: &$0) }
        return part
    }

    private static func publisher(_ context: ProcessContext, _ exchanges: Set<ExchangeRole>) throws -> AMQPEventPublisher? {
        guard let broker = context.broker else { return nil }
        do {
            return try AMQPEventPublisher(settings: broker, exchanges: exchanges, logger: context.makeLogger("events"))
        } catch {
            throw StartFailure(error.description, isConfiguration: error.kind == .configuration)
        }
    }
}

/// What a relay did, how far it is behind, and what the broker made of it.
private struct RelayMetrics: Sendable {
    var relay: RelayService
    var publisher: AMQPEventPublisher?

    /// A database that answers later than this is as good as away.
    private static let patience: Duration = .seconds(3)

    func add(to text: inout PrometheusText) async {
        let statistics = relay.statistics
        text.add("relay_leading", .gauge, "1 while this relay publishes.", statistics.isLeading ? 1 : 0)
        text.add("relay_ticks_total", .counter, "Ticks that this relay made.", statistics.ticks)
        text.add("relay_published_total", .counter, "Events that the broker took, repeats included.", statistics.published)
        text.add("relay_refused_total", .counter, "Events that a queue refused on every try.", statistics.refused)
        text.add("relay_cdevents_total", .counter, "Events that the broker took as CDEvents too.", statistics.projected)
        text.add("relay_cdevents_lost_total", .counter, "Events that were not published as CDEvents.", statistics.projectionsLost)
        text.add("relay_interrupted_total", .counter, "Batches that broke off, to be sent again.", statistics.interrupted)
        text.add("relay_terms_lost_total", .counter, "Terms that ended because another relay took over.", statistics.termsLost)
        if let broker = publisher?.statistics {
            text.add("publisher_connects_total", .counter, "Connections to the broker.", broker.connects)
            text.add("publisher_outstanding", .gauge, "Messages that wait for their confirms.", broker.outstanding)
            text.add("publisher_blocked_seconds_total", .counter, "Time that the broker took nothing.", broker.blocked.inSeconds)
        }
        guard let lag = try? await Bounded.run(within: Self.patience, { try await relay.lag() }) else { return }
        text.add("outbox_lag_events", .gauge, "Events that are committed and not published.", lag.events)
        text.add("outbox_lag_seconds", .gauge, "Age of the oldest of them.", lag.age.inSeconds)
        text.add("outbox_refused", .gauge, "Events on record that a queue refused.", lag.refused)
    }
}
