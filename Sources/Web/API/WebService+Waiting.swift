import Domain
import HTTPDoor
import HTTPTypes
import Hummingbird
import ServiceLifecycle
import Storage
import Wire

/// Answers that wait for what happens, for those who cannot follow the events. They are woken by the feed, which reads the outbox once for all.
extension WebService {
    /// The document as it is; when the client knows that and wants to wait, as it is once an event has touched it, or else 304 when the time is over.
    func answer(
        _ reading: Reading, _ context: DoorContext, touchedBy isRelevant: @escaping @Sendable (EventRecord) -> Bool,
        _ read: @escaping @Sendable () async throws -> Response
    ) async throws -> Response {
        guard let wait = try reading.wait() else { return try await read() }
        return try await waiters.within(of: context.waiter) {
            // Subscribed before the first look, so that nothing falls between the two.
            let news = feed.subscribe()
            let first = try await read()
            guard first.status == .notModified else { return first }
            let found = try await Self.bounded(wait, context) {
                for await item in news.cancelOnGracefulShutdown() where Self.touches(item, isRelevant) {
                    let response = try await read()
                    if response.status != .notModified { return response }
                }
                return nil
            }
            return found ?? first
        }
    }

    /// What `body` finds; nil when the time is over or the client has gone before.
    static func bounded<Found: Sendable>(
        _ time: Duration, _ context: DoorContext, _ body: @escaping @Sendable () async throws -> Found?
    ) async throws -> Found? {
        let (gone, end) = AsyncStream.makeStream(of: Never.self)
        context.onClose { end.finish() }
        defer { context.forgetClose() }
        return try await withThrowingTaskGroup(of: Found?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                // Ended early only because another has ended.
                try? await Task.sleep(for: time)
                return nil
            }
            group.addTask {
                for await _ in gone {}
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private static func touches(_ news: EventNews, _ isRelevant: (EventRecord) -> Bool) -> Bool {
        switch news {
        case .beat: false
        case .lookAgain: true
        case .events(_, let records): records.contains(where: isRelevant)
        }
    }
}

extension EventRecord {
    func isOf(_ kind: EntityKind, _ id: Int64) -> Bool { entity == kind && entityID == id }

    /// It is about a buildset, or a request of it.
    func touches(_ buildset: BuildsetID) -> Bool {
        if entity == .buildset { return entityID == buildset.rawValue }
        guard entity == .request else { return false }
        // A chain that cannot be read tells nothing: look, rather than miss it.
        guard let chain = try? JSONText.decode(EventChain.self, chain) else { return true }
        return chain.buildset == buildset
    }
}
