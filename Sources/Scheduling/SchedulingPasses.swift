import Domain
import Logging
import Signals
import Storage
import Synchronization

/// The bodies of the scheduling loops: one bounded, repeatable transaction each.
final class SchedulingPasses: Sendable {
    let store: any SchedulingStore
    let bell: any Doorbell
    let configuration: @Sendable () -> AppliedConfiguration?
    let clock: any LoopClock
    let logger: Logger
    private let counted = Mutex(SchedulingFigures())
    /// When ends were looked for last.
    private let looked = Mutex<ContinuousClock.Instant?>(nil)

    init(
        store: any SchedulingStore, bell: any Doorbell, configuration: @escaping @Sendable () -> AppliedConfiguration?, clock: any LoopClock,
        logger: Logger
    ) {
        self.store = store
        self.bell = bell
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
    }

    var figures: SchedulingFigures { counted.withLock { $0 } }

    func classify() async throws -> NextWake? {
        // Without rules nothing can be decided: the changes wait for the first configuration, whose arrival rings.
        guard let planner else { return nil }
        let result = try await store.classify(limit: SchedulingService.batch, planner: planner)
        counted.withLock { $0.classified += UInt64(result.taken) }
        tell(result, what: "classified")
        // A quiet time may be set or prolonged now; and it fires only when no earlier change is unclassified, so each batch may free one.
        if result.taken > 0, result.nextDue != nil { bell.ring(.schedulingTimers) }
        return result.taken == SchedulingService.batch ? .immediately : nil
    }

    func fireTimers() async throws -> NextWake? {
        guard let configuration = configuration()?.configuration else { return nil }
        let result = try await store.fireQuietTimes(limit: SchedulingService.batch, planner: Planner(configuration: configuration))
        counted.withLock { $0.fired += UInt64(result.taken) }
        tell(result, what: "fired")
        let clocked = configuration.schedulers.contains { $0.schedule != nil } ? try await fireSchedules() : nil
        if result.taken == SchedulingService.batch { return .immediately }
        guard let due = [result.nextDue, clocked].compactMap({ $0 }).min() else { return nil }
        // What has become due since the store looked is due at once. What is due but waits for a change to be classified is not told here:
        // the pass that classifies it rings. The wait counts from before the store said its time: however long that took, nothing is late.
        let asked = clock.now
        let wait = min(max(due.since(try await store.now()), SchedulingService.shortestSleep), SchedulingService.longestSleep)
        return .at(asked.advanced(by: wait))
    }

    /// Follows the ends of buildsets that rules wait for.
    func followEnds() async throws -> NextWake? {
        guard isLookDue() else { return nil }
        let result = try await store.followEnds(limit: SchedulingService.batch)
        counted.withLock { $0.followed += UInt64(result.taken) }
        tell(result, what: "an end")
        // What follows may end at once, and be followed in turn.
        return result.taken > 0 ? .immediately : nil
    }

    /// Every end of a buildset rings, and most deployments follow none: there, only what a rule left behind that is gone is looked for, now and then. A rule
    /// that this process has not heard of yet rings it when it has.
    private func isLookDue() -> Bool {
        let isFollowed = configuration().map { !$0.configuration.followedSchedulers.isEmpty } ?? false
        let now = clock.now
        return looked.withLock { last in
            guard isFollowed || last.map({ $0.duration(to: now) >= SchedulingService.longestSleep }) ?? true else { return false }
            last = now
            return true
        }
    }

    /// Fires what the clock says; gives when it says something again.
    private func fireSchedules() async throws -> Timestamp? {
        let result = try await store.fireSchedules(zone: ZoneBook.rule(named:))
        counted.withLock { $0.fired += UInt64(result.buildsets.count) }
        tell(result, what: "the clock")
        for reason in result.unable { logger.warning("a scheduler was due and has nothing to build", metadata: ["scheduler": "\(reason)"]) }
        return result.nextDue
    }

    private var planner: Planner? { configuration().map { Planner(configuration: $0.configuration) } }

    private func tell(_ result: SchedulingResult, what: String) {
        guard !result.buildsets.isEmpty else { return }
        counted.withLock { $0.buildsets += UInt64(result.buildsets.count) }
        bell.ring(.dispatchMatch)
        if configuration()?.configuration.hasDeadlines ?? true { bell.ring(.schedulingDeadlines) }
        // One without a known builder ended with its making.
        if let configuration = configuration()?.configuration, !configuration.followedSchedulers.isEmpty { bell.ring(.schedulingCompletions) }
        if !result.superseded.isEmpty { bell.ring(.dispatchCancels) }
        logger.info(
            "buildsets made",
            metadata: ["by": "\(what)", "taken": "\(result.taken)", "buildsets": "\(result.buildsets.map(\.description).joined(separator: ","))"])
    }
}
