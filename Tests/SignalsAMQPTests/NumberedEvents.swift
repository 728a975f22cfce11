import Signals
import SignalsAMQP

extension OutgoingEvent {
    /// An event that can be told from others, by consumers and by a proxy that reads its bytes.
    static func numbered(_ number: Int, key: String = "event.numbered", size: Int = 0) -> OutgoingEvent {
        let text = "number-\(number)-"
        return OutgoingEvent(
            routingKey: key, messageID: String(number), type: "event.numbered.v1", timestamp: 1_700_000_000,
            body: Array(text.utf8) + [UInt8](repeating: 0x2E, count: max(0, size - text.utf8.count)))
    }
}

extension EventPublisher {
    /// Does what a relay does: the same batch again until it is settled. Returns how often it was interrupted.
    func publishUntilSettled(_ batch: [OutgoingEvent]) async throws -> Int {
        var interruptions = 0
        while true {
            do {
                _ = try await publish(batch)
                return interruptions
            } catch is PublishInterrupted {
                interruptions += 1
                // The publisher says at once that there is no broker, and nothing says when there is one again.
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}
