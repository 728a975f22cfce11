/// What the scheduling of this process did, since it started.
public struct SchedulingFigures: Hashable, Sendable {
    /// Changes that were held against the rules.
    public var classified: UInt64 = 0
    /// Branches that had become quiet.
    public var fired: UInt64 = 0
    /// Buildsets whose end a rule waited for.
    public var followed: UInt64 = 0
    public var buildsets: UInt64 = 0
}
