import Domain

/// A worker is about to run a step that asks for secrets.
public struct SecretsRequest: Hashable, Sendable, Codable {
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

/// The secrets of a step, or how it ends without them.
public struct SecretsAnswer: Hashable, Sendable, Codable {
    /// By the names of the step's variables, in Base64; absent where the step cannot run.
    public var secrets: [String: String]?
    public var outcome: Outcome?
    /// One line for people, with no secret in it.
    public var text: String

    public init(secrets: [String: String]) {
        (self.secrets, outcome, text) = (secrets, nil, "")
    }

    public init(outcome: Outcome, text: String) {
        (secrets, self.outcome, self.text) = (nil, outcome, text)
    }
}
