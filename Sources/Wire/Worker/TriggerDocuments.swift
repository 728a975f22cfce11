import Domain

/// A worker runs a step that triggers: it has that done, and waits for what it waits for.
public struct TriggerRequest: Hashable, Sendable, Codable {
    public var session: SessionID
    public var fence: Fence
    /// Place in the recipe, from 1.
    public var step: Int
    /// Counts the retries of this step, from 1: another attempt triggers again, a repeat of this one does not.
    public var attempt: Int
    /// How long the answer may wait for the ends; 0 asks and returns.
    public var waitMilliseconds: Int

    public init(session: SessionID, fence: Fence, step: Int, attempt: Int, waitMilliseconds: Int) {
        self.session = session
        self.fence = fence
        self.step = step
        self.attempt = attempt
        self.waitMilliseconds = waitMilliseconds
    }

    private enum CodingKeys: String, CodingKey {
        case session, fence, step, attempt
        case waitMilliseconds = "wait_ms"
    }

    public static let fieldNames: Set<String> = ["session", "fence", "step", "attempt", "wait_ms"]
}

/// How what a step triggered stands.
public struct TriggerAnswer: Hashable, Sendable, Codable {
    public struct Buildset: Hashable, Sendable, Codable {
        public var id: BuildsetID
        public var scheduler: String
        /// Absent until it has ended.
        public var outcome: Outcome?

        public init(id: BuildsetID, scheduler: String, outcome: Outcome?) {
            self.id = id
            self.scheduler = scheduler
            self.outcome = outcome
        }
    }

    public var buildsets: [Buildset]
    /// The step's, once there is nothing more to wait for; absent: ask again.
    public var outcome: Outcome?
    /// One line for people.
    public var text: String

    public init(buildsets: [Buildset], outcome: Outcome?, text: String) {
        self.buildsets = buildsets
        self.outcome = outcome
        self.text = text
    }
}
