/// What a change says of its branch to the other sources that tell of it.
public struct MirrorReport: Hashable, Sendable, Codable {
    /// How it is held against what others told.
    public enum Rule: String, Hashable, Sendable, Codable {
        /// The source tells every move, in their order, unless one gets lost.
        case told
        /// The source looked where the branch stands, and may not have seen every move.
        case looked
        /// As `looked`, where the branch stood when the source began to tell of a long way; the branch has moved on before it came to the end of that.
        case passed
        /// The revision comes to the branch once.
        case grown
    }

    /// Which line it stands in; see `MirrorGroup`.
    public var line: String
    public var rule: Rule
    /// Where the branch stands, or stood by its rule; false of a commit on the way to it.
    public var isTip: Bool
    /// Where the line ended before the source looked; nil when it had no end, or the branch was new to the source.
    public var since: Int64?

    public init(line: String, rule: Rule, isTip: Bool = true, since: Int64? = nil) {
        self.line = line
        self.rule = rule
        self.isTip = isTip
        self.since = since
    }
}

/// Where a line ends: the branch stood there by the last that anybody told.
public struct MirrorEnd: Hashable, Sendable {
    public var place: Int64
    public var revision: String

    public init(place: Int64, revision: String) {
        self.place = place
        self.revision = revision
    }
}
