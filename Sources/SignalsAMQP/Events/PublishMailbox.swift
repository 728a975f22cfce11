import Signals
import Synchronization

/// Batches on their way to the publisher's thread, and those who wait for them.
final class PublishMailbox: Sendable {
    struct Batch: Sendable {
        var number: UInt64
        var events: [OutgoingEvent]
    }

    private struct State {
        var last: UInt64 = 0
        var added: [Batch] = []
        var withdrawn: [UInt64] = []
        var waiting: [UInt64: UnsafeContinuation<[PublishOutcome], any Error>] = [:]
        var isClosed = false
    }
    private let state = Mutex(State())

    /// Batches that may wait at once: whoever publishes waits for the answer, so there are as many as callers.
    static let capacity = 256

    func number() -> UInt64 {
        state.withLock { state in
            state.last += 1
            return state.last
        }
    }

    func add(_ number: UInt64, _ events: [OutgoingEvent], _ continuation: UnsafeContinuation<[PublishOutcome], any Error>) {
        let refusal: (any Error)? = state.withLock { state in
            if state.isClosed { return PublishInterrupted(reason: "the publisher has been stopped") }
            guard state.waiting.count < Self.capacity else { return Overloaded(what: "batches of events", waiting: state.waiting.count) }
            state.added.append(Batch(number: number, events: events))
            state.waiting[number] = continuation
            return nil
        }
        if let refusal { continuation.resume(throwing: refusal) }
    }

    /// Answers the caller with a cancellation; the thread forgets the batch.
    func withdraw(_ number: UInt64) {
        let continuation = state.withLock { state in
            let continuation = state.waiting.removeValue(forKey: number)
            if continuation != nil {
                state.added.removeAll { $0.number == number }
                state.withdrawn.append(number)
            }
            return continuation
        }
        continuation?.resume(throwing: CancellationError())
    }

    func take() -> (added: [Batch], withdrawn: [UInt64]) {
        state.withLock { state in
            defer {
                state.added = []
                state.withdrawn = []
            }
            return (state.added, state.withdrawn)
        }
    }

    func answer(_ number: UInt64, _ result: Result<[PublishOutcome], any Error>) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(with: result)
    }

    /// Takes nothing more.
    func close() {
        state.withLock { $0.isClosed = true }
    }
}
