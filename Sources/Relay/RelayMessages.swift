import Signals
import Storage

/// What a relay publishes of events.
struct RelayMessages {
    /// Events told once more, in the words of others.
    struct Projections {
        var messages: [OutgoingEvent] = []
        var failures: [(messageID: String, reason: String)] = []
    }

    private let own: EventMessage
    private let cdevents: CDEventMessage?

    init(deployment: String, cdevents: Bool) {
        own = EventMessage(deployment: deployment)
        self.cdevents = cdevents ? CDEventMessage(deployment: deployment) : nil
    }

    /// - Returns: one message of ours for each event, in their order; and the projections, which are extra: one that fails holds nothing up.
    func of(_ events: [EventRecord]) -> (own: [OutgoingEvent], projections: Projections) {
        var projections = Projections()
        if let cdevents {
            for event in events {
                do {
                    projections.messages.append(try cdevents.message(event))
                } catch {
                    projections.failures.append((event.messageID, "\(error)"))
                }
            }
        }
        return (events.map(own.message), projections)
    }
}
