import Domain

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

/// The patch of a build, or how its checkout ends without.
public struct PatchAnswer: Hashable, Sendable, Codable {
    /// In Base64; absent where there is none any more.
    public var patch: String?
    public var outcome: Outcome?
    /// One line for people.
    public var text: String

    public init(patch: String) {
        (self.patch, outcome, text) = (patch, nil, "")
    }

    public init(outcome: Outcome, text: String) {
        (patch, self.outcome, self.text) = (nil, outcome, text)
    }
}
