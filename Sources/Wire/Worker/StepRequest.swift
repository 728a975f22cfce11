import Domain

/// A worker asks for what one attempt of a step needs.
public struct StepRequest: Hashable, Sendable, Codable {
    public var session: SessionID
    public var fence: Fence
    /// Place in the recipe, from 1.
    public var step: Int
    /// Counts the retries of this step, from 1.
    public var attempt: Int

    public init(session: SessionID, fence: Fence, step: Int, attempt: Int) {
        self.session = session
        self.fence = fence
        self.step = step
        self.attempt = attempt
    }

    public static let fieldNames: Set<String> = ["session", "fence", "step", "attempt"]
}
