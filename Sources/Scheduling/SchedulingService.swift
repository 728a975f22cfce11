import Domain
import Logging
import Signals
import Storage

/// Decides what changes lead to: classifies them by the rules in force, and fires branches that have become quiet. Any number may run; each pass claims the
/// rows it works on.
public final class SchedulingService: Sendable {
    /// Changes of one classifying pass, and quiet times of one firing pass.
    static let batch = 200
    /// A quiet time is looked at again after this at the latest: a jump of the wall clock may not hang it.
    static let longestSleep: Duration = .seconds(60)
    /// And not before this, whatever a store says: time that does not pass may not keep the loop busy.
    static let shortestSleep: Duration = .milliseconds(5)

    /// The loops, for the group of services and the sweep of the process.
    public let loops: [Loop]
    private let passes: SchedulingPasses

    public init(
        store: any SchedulingStore, bell: any Doorbell, configuration: @escaping @Sendable () -> AppliedConfiguration?,
        clock: any LoopClock = ContinuousClock(), logger: Logger
    ) {
        let passes = SchedulingPasses(store: store, bell: bell, configuration: configuration, clock: clock, logger: logger)
        self.passes = passes
        loops = [
            Loop(name: .schedulingClassify, bell: bell, clock: clock, logger: logger) { try await passes.classify() },
            Loop(name: .schedulingCompletions, bell: bell, clock: clock, logger: logger) { try await passes.followEnds() },
            Loop(name: .schedulingTimers, bell: bell, clock: clock, logger: logger) { try await passes.fireTimers() },
        ]
    }

    public var figures: SchedulingFigures { passes.figures }
}
