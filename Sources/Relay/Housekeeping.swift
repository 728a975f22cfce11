import Logging
import Signals
import Storage
import Synchronization

/// Keeps the history bounded: makes the days that come, drops those that are over, and forgets answers to repeats that nobody sends any more.
public final class Housekeeping: Sendable {
    public let loop: Loop
    private let last: LastReport

    /// How long events are kept, and can be replayed.
    public static let retention: Duration = .seconds(7 * 86_400)
    /// Often enough that a day which begins finds its partition, and that one which could not be dropped is tried again soon.
    private static let interval: Duration = .seconds(3600)

    public init(
        store: any RelayStore, bell: any Doorbell, retention: Duration = Housekeeping.retention, clock: any LoopClock = ContinuousClock(),
        logger: Logger
    ) {
        let last = LastReport()
        self.last = last
        loop = Loop(name: .housekeeping, bell: bell, clock: clock, logger: logger) {
            let report = try await store.keepHouse(retention: retention)
            last.report.withLock { $0 = report }
            if !report.dropped.isEmpty { logger.info("dropped old history", metadata: [LogKey.dropped: "\(report.dropped.joined(separator: " "))"]) }
            if !report.kept.isEmpty {
                logger.error(
                    "old history is kept, because it holds events that are not published",
                    metadata: [LogKey.kept: "\(report.kept.joined(separator: " "))"])
            }
            if !report.busy.isEmpty {
                logger.warning("old history is in use, and dropped later", metadata: [LogKey.busy: "\(report.busy.joined(separator: " "))"])
            }
            return .at(clock.now.advanced(by: report.busy.isEmpty ? Self.interval : .seconds(60)))
        }
    }

    /// Partitions that should be dropped and hold what is not published.
    public var overdue: [String] { last.report.withLock { $0.kept } }
}

private final class LastReport: Sendable {
    let report = Mutex(HousekeepingReport())
}
