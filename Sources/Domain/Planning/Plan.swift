/// One buildset that a rule decided on.
public struct PlannedBuildset: Hashable, Sendable {
    public var scheduler: String
    /// With the scheduler, the natural unique key of the decision: the same trigger again makes nothing.
    public var trigger: String
    public var reason: String
    /// The main one: that of the first codebase where there are several.
    public var stamp: SourceStamp
    /// Those of the other codebases, in the rule's order.
    public var further: [SourceStamp]
    /// Codebases with no revision yet are built at the newest change up to this one; nil: at the tip of their branch.
    public var asOf: ChangeID?
    public var changes: [ChangeID]
    public var parents: [ChainID]
    public var builders: [String]
    public var priority: Int
    public var properties: Properties

    public init(
        scheduler: String, trigger: String, reason: String, stamp: SourceStamp, changes: [ChangeID], parents: [ChainID], builders: [String],
        priority: Int = 0, properties: Properties = [:], further: [SourceStamp] = [], asOf: ChangeID? = nil
    ) {
        self.scheduler = scheduler
        self.trigger = trigger
        self.reason = reason
        self.stamp = stamp
        self.further = further
        self.asOf = asOf
        self.changes = changes
        self.parents = parents
        self.builders = builders
        self.priority = priority
        self.properties = properties
    }
}

/// Where quiet time is counted: one row for each rule, codebase, repository and branch. Where a rule builds several codebases, the branches that they are
/// built at by default share the row of the first.
public struct QuietKey: Hashable, Sendable {
    public var scheduler: String
    public var codebase: String
    public var repository: String
    public var branch: String

    public init(scheduler: String, codebase: String = "", repository: String, branch: String) {
        self.scheduler = scheduler
        self.codebase = codebase
        self.repository = repository
        self.branch = branch
    }
}

/// The changes that wait for one branch to become quiet.
public struct QuietTime: Hashable, Sendable {
    public var key: QuietKey
    /// Grows with each firing; part of the trigger, so that a firing happens once.
    public var generation: Int64
    /// Nil while only unimportant changes wait.
    public var fires: Timestamp?
    public var changes: [ChangeID]

    public init(key: QuietKey, generation: Int64, fires: Timestamp?, changes: [ChangeID]) {
        self.key = key
        self.generation = generation
        self.fires = fires
        self.changes = changes
    }

    /// The natural key of this firing. Each name stands behind its length: a change's repository and branch are anybody's words, and no choice of
    /// them may make the trigger of another branch.
    public var trigger: String {
        let names = [key.codebase, key.repository, key.branch].map { "\($0.utf8.count):\($0)" }
        return "quiet:" + names.joined(separator: ":") + ":\(generation)"
    }
}

/// What a batch of changes leads to. Pure data: a store commits it as a whole.
public struct Plan: Hashable, Sendable {
    public var buildsets: [PlannedBuildset]
    /// Quiet times as they are after this batch: `changes` holds only those to add.
    public var quiet: [QuietTime]

    public init(buildsets: [PlannedBuildset] = [], quiet: [QuietTime] = []) {
        self.buildsets = buildsets
        self.quiet = quiet
    }
}
