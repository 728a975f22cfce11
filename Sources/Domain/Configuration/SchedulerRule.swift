/// A rule that decides which changes make a buildset.
public struct SchedulerRule: Hashable, Sendable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Changes on the branches that the filter names.
        case branch
        /// Changes on any branch.
        case anyBranch = "any-branch"
        /// Pull requests into the branches that the filter names.
        case pull
        /// At the times of a cron expression.
        case cron
        /// Again and again after so much time.
        case periodic
        /// When buildsets of other schedulers have ended.
        case dependent
        /// When a step of a build asks for it.
        case triggerable
    }

    /// Which older requests a newer buildset of the rule makes needless.
    public enum Superseding: String, Sendable, Codable, CaseIterable {
        /// Those that no worker has.
        case pending
        /// Those that are being built as well.
        case running
    }

    public var name: String
    public var kind: Kind
    public var filter: ChangeFilter
    /// How long the branch must be quiet before its changes are built together; nil or zero builds each at once.
    public var quiet: Duration?
    public var builders: [String]
    /// Higher is sooner; 0 by default.
    public var priority: Int
    public var properties: [String: JSONValue]
    /// Pull requests from other repositories, which anybody may have written, are built as well.
    public var forks: Bool
    /// Of rules that the clock fires; no change does.
    public var schedule: Schedule?
    /// Of rules that other schedulers' ends fire; no change does.
    public var follows: Dependence?
    /// Nil: whatever was asked for is built.
    public var supersede: Superseding?
    /// The names of the codebases that it builds together; empty: one repository, that of the change.
    public var codebases: [String]

    public init(
        name: String, kind: Kind, filter: ChangeFilter = ChangeFilter(), quiet: Duration? = nil, builders: [String], priority: Int = 0,
        properties: [String: JSONValue] = [:], forks: Bool = false, schedule: Schedule? = nil,
        follows: Dependence? = nil, supersede: Superseding? = nil, codebases: [String] = []
    ) {
        self.name = name
        self.kind = kind
        self.filter = filter
        self.quiet = quiet
        self.builders = builders
        self.priority = priority
        self.properties = properties
        self.forks = forks
        self.schedule = schedule
        self.follows = follows
        self.supersede = supersede
        self.codebases = codebases
    }
}
