import Logging
import ServiceLifecycle
import Signals
import Storage

/// Reads the outbox once for all who follow it: a commit or a ring wakes it, it reads what is new, and hands it to every subscriber. Asks the store
/// nothing while nothing happens or nobody listens.
public final class EventFeed: Service {
    /// How long a stream may be silent: proxies cut what says nothing for a minute.
    private static let heartbeat: Duration = .seconds(15)
    private static let batch = 500

    private let hub: EventHub
    /// The loop that reads, for the process to run and to sweep.
    public let loop: Loop

    init(store: any OutboxStore, bell: any Doorbell, logger: Logger) {
        let hub = EventHub()
        self.hub = hub
        let loop = Loop(name: .events, bell: bell, logger: logger) { try await Self.pass(store, hub) }
        self.loop = loop
        if store.showsEventsAtOnce { store.onEvents { loop.ring() } }
    }

    /// How many follow at the moment.
    public var subscriberCount: Int { hub.subscriberCount }

    /// What happens from now on. The stream ends when the process stops; ending the iteration unsubscribes.
    func subscribe() -> AsyncStream<EventNews> {
        let stream = hub.subscribe()
        loop.ring()
        return stream
    }

    /// Shows every subscriber that its connection lives, and ends them all with the process.
    public func run() async throws {
        defer { hub.stop() }
        await cancelWhenGracefulShutdown { [hub] in
            while (try? await Task.sleep(for: Self.heartbeat)) != nil { hub.tell(.beat) }
        }
    }

    private static func pass(_ store: any OutboxStore, _ hub: EventHub) async throws -> NextWake? {
        guard hub.subscriberCount > 0 else {
            hub.cursor = nil
            return nil
        }
        guard let cursor = hub.cursor else {
            // Nobody listened for a while. What the first ones lack of that time they read by themselves.
            hub.cursor = try await store.latestCursor()
            hub.tell(.lookAgain)
            return nil
        }
        do {
            let records = try await store.events(after: cursor, limit: batch)
            guard let last = records.last else { return nil }
            hub.cursor = last.cursor
            hub.tell(.events(after: cursor, records))
            return records.count == batch ? .immediately : nil
        } catch let error as StoreError {
            // The events were rewound: there is no going on from here.
            if case .conflict = error { hub.cursor = nil }
            throw error
        }
    }
}
