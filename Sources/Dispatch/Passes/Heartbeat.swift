import Logging
import ServiceLifecycle
import Signals

/// Ticks each second in memory: notices that this process or its clock stood still, and sessions that are overdue.
struct Heartbeat: Service {
    let registry: SessionRegistry
    let watch: LeaseWatch
    let period: Duration
    let sweeper: LoopGroup
    let clock: any LoopClock
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                while true {
                    try await clock.sleep(until: clock.now.advanced(by: .seconds(1)), tolerance: .milliseconds(200))
                    tick()
                }
            } catch is CancellationError {
                return  // The process stops.
            }
        }
    }

    func tick() {
        if watch.tick() {
            logger.warning("this process or its clock stood still: all leases run for a whole period more")
        }
        guard watch.expiryBegins == nil else { return }
        if !registry.lost(now: clock.now, period: period, reachableSince: watch.since.monotonic).isEmpty { sweeper.ring() }
    }
}
