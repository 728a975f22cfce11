/// What a rule says of a change, and why.
public struct RuleVerdict: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// It starts a buildset, at once or when the branch has been quiet for so long.
        case taken(quiet: Duration?)
        /// It starts nothing, and is part of what other changes of its branch start.
        case ridesAlong(String)
        case ignored(String)
    }

    public var scheduler: String
    public var outcome: Outcome

    public init(scheduler: String, outcome: Outcome) {
        self.scheduler = scheduler
        self.outcome = outcome
    }
}
