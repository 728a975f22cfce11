import Logging
import Signals
import Storage

/// Ends what waits for builders that were removed from the configuration, so that nobody waits for ever. Runs whenever the configuration may be another, and
/// from time to time: a build of such a builder may be lost later, and its request would be pending again.
public struct RemovalPass: Sendable {
    /// Requests of one pass.
    static let batch = 100
    static let interval: Duration = .seconds(600)

    private let store: any RemovalStore
    private let bell: any Doorbell
    private let clock: any LoopClock
    private let logger: Logger

    public init(store: any RemovalStore, bell: any Doorbell, clock: any LoopClock = ContinuousClock(), logger: Logger) {
        self.store = store
        self.bell = bell
        self.clock = clock
        self.logger = logger
    }

    public var loop: Loop {
        Loop(name: .schedulingRemovals, bell: bell, clock: clock, logger: logger) { try await run() }
    }

    private func run() async throws -> NextWake? {
        let ended = try await store.endRemoved(limit: Self.batch)
        if ended > 0 {
            logger.warning("requests of removed builders ended", metadata: ["requests": "\(ended)"])
            bell.ring(.schedulingCompletions)
            // What needed them may be released, and nothing waits behind them at a lock any more.
            bell.ring(.dispatchMatch)
        }
        return ended == Self.batch ? .immediately : .at(clock.now.advanced(by: Self.interval))
    }
}
