import Logging
import ServiceLifecycleTestKit
import Signals
import TestSupport

/// A loop with everything around it under a test's control.
struct LoopRig: Sendable {
    let clock = ManualClock()
    let bell = LocalBell()
    let pass = ManualPass()
    let log = LogRecorder()
    let stopped = Flag()
    let loop: Loop

    init(backoff: Backoff = Backoff(first: .seconds(1), longest: .seconds(60)), random: Double = 1) {
        loop = Loop(
            name: .schedulingClassify, bell: bell, clock: clock, backoff: backoff, random: { random }, logger: log.logger,
            onStop: { [stopped] in stopped.raise() }, pass: pass.run)
    }

    /// Runs the loop for as long as the body takes; ends a pass that the body left running.
    func run(_ body: @Sendable @escaping () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run() }
            defer {
                group.cancelAll()
                pass.finish()
            }
            try await body()
        }
    }

    func moment(_ duration: Duration) -> ContinuousClock.Instant { clock.start.advanced(by: duration) }

    /// Ends the running pass and returns once the loop sleeps: whatever it was going to do at once, it has done.
    func settle(at wake: Duration) async {
        pass.finish(.at(moment(wake)))
        await clock.sleeper(until: moment(wake))
    }
}
