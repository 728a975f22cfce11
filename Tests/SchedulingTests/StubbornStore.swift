import Domain
import Storage

/// A store that says again and again that a quiet time is due, and fires none.
struct StubbornStore: SchedulingStore {
    let clock: any StoreClock

    func now() async throws -> Timestamp { clock.now() }

    func classify(limit: Int, planner: Planner) async throws -> SchedulingResult { SchedulingResult(taken: 0, buildsets: []) }

    func followEnds(limit: Int) async throws -> SchedulingResult { SchedulingResult(taken: 0, buildsets: []) }

    func fireQuietTimes(limit: Int, planner: Planner) async throws -> SchedulingResult {
        SchedulingResult(taken: 0, buildsets: [], nextDue: clock.now())
    }

    func fireSchedules(zone: @escaping @Sendable (String) -> ZoneRule?) async throws -> SchedulingResult {
        SchedulingResult(taken: 0, buildsets: [])
    }
}
