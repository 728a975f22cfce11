import Domain
import Storage

/// The store as a process sees it that may be frozen before and after every call.
struct GatedStore: RelayStore {
    let store: any RelayStore
    let gate: ProcessGate

    private func through<T>(_ call: () async throws -> T) async throws -> T {
        await gate.pass()
        let value = try await call()
        await gate.pass()
        return value
    }

    func events(after cursor: EventCursor, limit: Int) async throws -> [EventRecord] {
        try await through { try await store.events(after: cursor, limit: limit) }
    }
    func latestCursor() async throws -> EventCursor { try await through { try await store.latestCursor() } }
    func oldestCursor() async throws -> EventCursor { try await through { try await store.oldestCursor() } }
    var showsEventsAtOnce: Bool { store.showsEventsAtOnce }
    func onEvents(_ wake: @escaping @Sendable () -> Void) { store.onEvents(wake) }
    func tick(shard: Int32) async throws -> Bool { try await through { try await store.tick(shard: shard) } }
    func lead(shard: Int32, as relay: String, for period: Duration) async throws -> ShardAnswer {
        try await through { try await store.lead(shard: shard, as: relay, for: period) }
    }
    func resign(_ term: RelayTerm) async throws { try await through { try await store.resign(term) } }
    func advance(_ term: RelayTerm, to cursor: EventCursor, count: Int, refused: [RefusedEvent]) async throws -> Bool {
        try await through { try await store.advance(term, to: cursor, count: count, refused: refused) }
    }
    func relayLag(shard: Int32) async throws -> RelayLag { try await through { try await store.relayLag(shard: shard) } }
    func cursor(at time: Timestamp, shard: Int32) async throws -> EventCursor { try await through { try await store.cursor(at: time, shard: shard) } }
    func refusedEvents(shard: Int32, limit: Int) async throws -> [RefusedEvent] {
        try await through { try await store.refusedEvents(shard: shard, limit: limit) }
    }
    func keepHouse(retention: Duration) async throws -> HousekeepingReport { try await through { try await store.keepHouse(retention: retention) } }
}
