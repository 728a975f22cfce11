import Storage
import Synchronization

/// Those who follow the events of this process, and how far they were told.
final class EventHub: Sendable {
    private struct State {
        var next: UInt64 = 0
        var subscribers: [UInt64: AsyncStream<EventNews>.Continuation] = [:]
        var cursor: EventCursor?
        var stopped = false
    }

    /// News that wait for a slow subscriber. What falls out of the buffer leaves a gap, by which it knows to read for itself.
    private static let buffer = 64

    private let state = Mutex(State())

    var subscriberCount: Int { state.withLock { $0.subscribers.count } }

    /// Behind the last event that was told; nil when it must be found anew.
    var cursor: EventCursor? {
        get { state.withLock { $0.cursor } }
        set { state.withLock { $0.cursor = newValue } }
    }

    func subscribe() -> AsyncStream<EventNews> {
        let (stream, continuation) = AsyncStream.makeStream(of: EventNews.self, bufferingPolicy: .bufferingNewest(Self.buffer))
        let id: UInt64? = state.withLock { state in
            guard !state.stopped else { return nil }
            state.next += 1
            state.subscribers[state.next] = continuation
            return state.next
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in _ = self?.state.withLock { $0.subscribers.removeValue(forKey: id) } }
        return stream
    }

    func tell(_ news: EventNews) {
        let subscribers = state.withLock { Array($0.subscribers.values) }
        for subscriber in subscribers { subscriber.yield(news) }
    }

    /// Ends every subscription, now and from now on.
    func stop() {
        let subscribers = state.withLock { state in
            state.stopped = true
            defer { state.subscribers = [:] }
            return Array(state.subscribers.values)
        }
        for subscriber in subscribers { subscriber.finish() }
    }
}
