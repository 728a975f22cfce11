import Domain

public protocol TriggerStore: Sendable {
    /// Has the schedulers that a step names build, once for each attempt of the step, and says how that stands. The fence of the build counts.
    func trigger(_ call: StepCall) async throws -> TriggerVerdict
    /// What the steps of these builds triggered, as far as they have not ended.
    func triggered(by builds: [BuildID]) async throws -> [TriggeredBuildset]
    /// Cancels what nobody waits for any more, since the build has ended or that attempt of its step: up to `limit` requests.
    func endTriggered(limit: Int) async throws -> EndedTriggers
}

/// What a look for builds and steps that wait no more came to.
public struct EndedTriggers: Hashable, Sendable {
    /// Buildsets that it looked at.
    public var taken: Int
    /// The builds whose workers are to be told.
    public var cancels: [BuildCancel]
    /// There may be more.
    public var isFull: Bool

    public init(taken: Int = 0, cancels: [BuildCancel] = [], isFull: Bool = false) {
        self.taken = taken
        self.cancels = cancels
        self.isFull = isFull
    }
}

public enum TriggerVerdict: Hashable, Sendable {
    /// `created`: by this call, and not by an earlier one.
    case made([TriggeredBuildset], waits: Bool, created: Bool)
    /// The configuration in force has one of the schedulers no more.
    case impossible(String)
    /// The build is not meant to trigger anything.
    case skipped(String)
    case stale(String)
    case notFound
    /// The step does not trigger, or the build runs none yet.
    case invalid(String)
}
