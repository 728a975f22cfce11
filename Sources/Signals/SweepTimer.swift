import Logging
import ServiceLifecycle

/// The sweep of one process: looks for work that no ring has told of, every 60 s while the bell is healthy and every second while it is not.
///
/// With a probe, one question is asked for all loops together, and only those that have work are rung.
public final class SweepTimer: Service {
    /// Answers, in one statement, which loops have work.
    public typealias Probe = @Sendable () async throws -> Set<LoopName>

    private let bell: any Doorbell
    private let driver: LoopDriver

    /// - Parameters:
    ///   - longest: sweeps come no further apart than this, however healthy the bell is.
    ///   - random: from 0 up to 1; spreads the sweeps of many processes.
    public init(
        loops: [Loop], bell: any Doorbell, longest: Duration = .seconds(60), clock: any LoopClock = ContinuousClock(), backoff: Backoff = Backoff(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }, logger: Logger = Logger(label: "doorbell"), probe: Probe? = nil
    ) {
        self.bell = bell
        // Every loop starts with a pass of its own, so the first sweep can wait.
        let firstPass = clock.now.advanced(by: Self.interval(bell.health, longest: longest, random: random()))
        driver = LoopDriver(
            label: "sweep", firstPass: firstPass, clock: clock, backoff: backoff, random: random, logger: logger
        ) {
            let due = try await probe?()
            for loop in loops where due?.contains(loop.name) ?? true { loop.ring() }
            return .at(clock.now.advanced(by: Self.interval(bell.health, longest: longest, random: random())))
        }
    }

    public var statistics: LoopStatistics { driver.statistics }

    public func run() async throws {
        let events = bell.watch { [driver] event in
            if case .healthChanged = event { driver.ring() }
        }
        defer { events.cancel() }
        try await driver.run()
    }

    /// Within a tenth of the interval that the bell's health asks for.
    static func interval(_ health: BellHealth, longest: Duration = .seconds(60), random: Double) -> Duration {
        let whole = min(health.sweepInterval, longest)
        return whole * 9 / 10 + whole / 5 * min(max(random, 0), 1)
    }
}
