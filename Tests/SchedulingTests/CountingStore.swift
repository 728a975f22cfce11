import Domain
import Storage
import Synchronization

/// A store that counts how often it is asked for ends to follow.
final class CountingStore: SchedulingStore {
    private let store: any SchedulingStore
    private let count = Mutex(0)

    init(_ store: any SchedulingStore) {
        self.store = store
    }

    var looks: Int { count.withLock { $0 } }

    func followEnds(limit: Int) async throws -> SchedulingResult {
        count.withLock { $0 += 1 }
        return try await store.followEnds(limit: limit)
    }

    func now() async throws -> Timestamp { try await store.now() }
    func classify(limit: Int, planner: Planner) async throws -> SchedulingResult { try await store.classify(limit: limit, planner: planner) }
    func fireQuietTimes(limit: Int, planner: Planner) async throws -> SchedulingResult {
        try await store.fireQuietTimes(limit: limit, planner: planner)
    }
    func fireSchedules(zone: @escaping @Sendable (String) -> ZoneRule?) async throws -> SchedulingResult {
        try await store.fireSchedules(zone: zone)
    }
}
