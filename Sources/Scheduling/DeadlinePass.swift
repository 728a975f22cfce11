import Domain
import Logging
import Signals
import Storage

/// Ends requests that no build has begun by their deadline. Sleeps until the next one; whoever makes a request with a deadline rings.
public struct DeadlinePass: Sendable {
    /// Requests of one pass.
    static let batch = 100

    private let store: any DeadlineStore & SchedulingStore
    private let bell: any Doorbell
    private let clock: any LoopClock
    private let logger: Logger

    public init(store: any DeadlineStore & SchedulingStore, bell: any Doorbell, clock: any LoopClock = ContinuousClock(), logger: Logger) {
        self.store = store
        self.bell = bell
        self.clock = clock
        self.logger = logger
    }

    public var loop: Loop {
        Loop(name: .schedulingDeadlines, bell: bell, clock: clock, logger: logger) { try await run() }
    }

    private func run() async throws -> NextWake? {
        // The wait counts from before the store said its time: however long that took, nothing is late.
        let asked = clock.now
        let result = try await store.endOverdue(limit: Self.batch)
        if result.ended > 0 {
            logger.warning("requests ended at their deadline", metadata: ["requests": "\(result.ended)"])
            bell.ring(.schedulingCompletions)
            // What needed them may be released, and nothing waits behind them at a lock any more.
            bell.ring(.dispatchMatch)
        }
        if result.ended == Self.batch { return .immediately }
        guard let due = result.nextDue else { return nil }
        let wait = min(max(due.since(try await store.now()), SchedulingService.shortestSleep), SchedulingService.longestSleep)
        return .at(asked.advanced(by: wait))
    }
}
