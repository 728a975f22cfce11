import ServiceLifecycle
import Storage
import Synchronization

/// Reads the outbox once for all who follow it: a commit wakes it, it reads what is new, and hands it to every subscriber. Asks the store nothing while
/// nothing happens or nobody listens.
public final class EventFeed: Service {
    /// What a subscriber is told.
    enum News: Sendable {
        /// These events follow those of the news before.
        case events([EventRecord])
        /// Nothing happened for a while: time to show that the connection lives.
        case beat
    }

    private struct State {
        var next: UInt64 = 0
        var subscribers: [UInt64: AsyncStream<News>.Continuation] = [:]
        var stopped = false
    }

    /// Batches that wait for a slow subscriber. What falls out of the buffer leaves a gap in the sequence, by which it knows to read for itself.
    private static let buffer = 64
    private static let batch = 500
    /// How long a stream may be silent: proxies cut what says nothing for a minute.
    private static let heartbeat: Duration = .seconds(15)

    private let store: any OutboxStore
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>

    init(store: any OutboxStore) {
        self.store = store
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wakes = stream
        store.onEvents { continuation.yield() }
    }

    /// How many follow at the moment.
    public var subscriberCount: Int { state.withLock { $0.subscribers.count } }

    /// What happens from now on. The stream ends when the process stops; ending the iteration unsubscribes.
    func subscribe() -> AsyncStream<News> {
        let (stream, continuation) = AsyncStream.makeStream(of: News.self, bufferingPolicy: .bufferingNewest(Self.buffer))
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

    public func run() async throws {
        defer { stop() }
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while (try? await Task.sleep(for: Self.heartbeat)) != nil { self.tell(.beat) }
                }
                group.addTask { try await self.follow() }
                try await group.waitForAll()
            }
        }
    }

    private func follow() async throws {
        var cursor = try await store.latestCursor()
        for await _ in wakes {
            guard subscriberCount > 0 else {
                // Whoever subscribes later starts behind what nobody heard.
                if let latest = try? await store.latestCursor() { cursor = latest }
                continue
            }
            // A store that cannot be read now is read at the next wake; subscribers miss nothing, since the cursor stays.
            while let records = try? await store.events(after: cursor, limit: Self.batch), let last = records.last {
                cursor = last.cursor
                tell(.events(records))
                if records.count < Self.batch { break }
            }
        }
    }

    private func tell(_ news: News) {
        let subscribers = state.withLock { $0.subscribers.values.map { $0 } }
        for subscriber in subscribers { subscriber.yield(news) }
    }

    private func stop() {
        let subscribers = state.withLock { state in
            state.stopped = true
            defer { state.subscribers = [:] }
            return state.subscribers.values.map { $0 }
        }
        for subscriber in subscribers { subscriber.finish() }
    }
}
