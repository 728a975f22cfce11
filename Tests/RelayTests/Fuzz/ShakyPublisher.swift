import ProcessSupport
import Signals
import Synchronization

/// Hands messages to the recorder, and now and then breaks off in the middle, is told nothing of what arrived, or meets a queue that refuses.
final class ShakyPublisher: EventPublisher {
    private let recorder: Recorder
    private let gate: ProcessGate
    private let random: Mutex<SeededGenerator>

    init(recorder: Recorder, gate: ProcessGate, seed: UInt64) {
        self.recorder = recorder
        self.gate = gate
        random = Mutex(SeededGenerator(seed: seed))
    }

    private func oneIn(_ number: Int) -> Bool { random.withLock { Int.random(in: 0..<number, using: &$0) == 0 } }

    /// The same messages whoever sends them: what one relay was refused, and did not live to record, the next is refused too.
    private func isRefused(_ message: OutgoingEvent) -> Bool {
        message.messageID.utf8.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) }.isMultiple(of: 500)
    }

    func publish(_ batch: [OutgoingEvent]) async throws -> [PublishOutcome] {
        await gate.pass()
        let breaks = oneIn(12) ? random.withLock { Int.random(in: 0...batch.count, using: &$0) } : nil
        var outcomes: [PublishOutcome] = []
        for (place, message) in batch.enumerated() {
            // A killed process sends nothing more; a frozen one goes on when it wakes.
            try Task.checkCancellation()
            if place == breaks { throw PublishInterrupted(reason: "the test said so") }
            if place.isMultiple(of: 32) { await gate.pass() }
            if isRefused(message) {
                try recorder.refuse(message)
                outcomes.append(.refused(reason: "the test said so"))
            } else {
                try recorder.take(message)
                outcomes.append(.confirmed)
            }
        }
        if breaks == batch.count { throw PublishInterrupted(reason: "the answer was lost") }
        return outcomes
    }
}
