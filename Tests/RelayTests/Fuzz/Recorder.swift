import Foundation
import Signals
import Synchronization
import Wire

/// A broker of the test's own, which remembers what reached it, in order.
final class Recorder: Sendable {
    private let events = Mutex<[FuzzJudge.Event]>([])
    private let refusals = Mutex<Set<String>>([])

    var delivered: [FuzzJudge.Event] { events.withLock { $0 } }
    var refused: Set<String> { refusals.withLock { $0 } }

    func take(_ message: OutgoingEvent) throws {
        let envelope = try JSONDecoder().decode(EventHead.self, from: Data(message.body))
        let event = FuzzJudge.Event(id: message.messageID, entity: envelope.entity.id, version: envelope.entity.version)
        events.withLock { $0.append(event) }
    }

    func take(_ event: FuzzJudge.Event) {
        events.withLock { $0.append(event) }
    }

    /// A queue says no to it; the others have it.
    func refuse(_ message: OutgoingEvent) throws {
        try take(message)
        _ = refusals.withLock { $0.insert(message.messageID) }
    }

    private struct EventHead: Decodable {
        var entity: EventEnvelope.Entity
    }
}
