import Domain
import Storage
import Synchronization

/// A store that is away for some calls, then asks the real one.
final class FailingStore: SchedulingStore {
    private let store: any SchedulingStore
    private let failures: Mutex<Int>

    init(_ store: any SchedulingStore, failures: Int) {
        self.store = store
        self.failures = Mutex(failures)
    }

    func now() async throws -> Timestamp { try await store.now() }

    func classify(limit: Int, planner: Planner) async throws -> SchedulingResult {
        let fails = failures.withLock { left in
            left -= 1
            return left >= 0
        }
        if fails { throw StoreError.unavailable("the disk is full") }
        return try await store.classify(limit: limit, planner: planner)
    }

    func fireQuietTimes(limit: Int, planner: Planner) async throws -> SchedulingResult {
        try await store.fireQuietTimes(limit: limit, planner: planner)
    }

    func followEnds(limit: Int) async throws -> SchedulingResult { try await store.followEnds(limit: limit) }

    func fireSchedules(zone: @escaping @Sendable (String) -> ZoneRule?) async throws -> SchedulingResult {
        try await store.fireSchedules(zone: zone)
    }
}
