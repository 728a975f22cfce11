import Logging
import ServiceLifecycle

/// One loop of the system (DESIGN §2): runs its pass when somebody rings, when the pass asked for it, and after errors; never twice at once.
///
/// The pass takes at most one batch, may be repeated without harm, and returns `.immediately` when the batch was full. On a graceful shutdown the
/// running pass finishes, then `onStop` releases what the loop holds. When the task is cancelled the loop ends as soon as its pass does, without `onStop`.
public final class Loop: Service {
    public let name: LoopName
    private let bell: any Doorbell
    private let driver: LoopDriver
    private let onStop: @Sendable () async -> Void

    /// - Parameter random: from 0 up to 1; spreads the retries.
    public init(
        name: LoopName, bell: any Doorbell, clock: any LoopClock = ContinuousClock(), backoff: Backoff = Backoff(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }, logger: Logger = Logger(label: "doorbell"),
        onStop: @escaping @Sendable () async -> Void = {}, pass: @escaping @Sendable () async throws -> NextWake?
    ) {
        self.name = name
        self.bell = bell
        self.onStop = onStop
        driver = LoopDriver(label: name.rawValue, clock: clock, backoff: backoff, random: random, logger: logger, pass: pass)
    }

    public var statistics: LoopStatistics { driver.statistics }

    /// Rings this one loop, and no other of its name.
    public func ring() {
        driver.ring()
    }

    /// What the loop depends on is back: it runs, whatever backoff it is in.
    public func reconnected() {
        driver.reconnected()
    }

    public func run() async throws {
        let rings = bell.listen(to: name) { [driver] in driver.ring() }
        let events = bell.watch { [driver] event in
            if event == .reconnected { driver.reconnected() }
        }
        defer {
            rings.cancel()
            events.cancel()
        }
        try await driver.run()
        if !Task.isCancelled { await onStop() }
    }
}
