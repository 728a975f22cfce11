/// What the sources of a group told of one branch, move by move, and where in that each of them stands: decides which of their reports are one change. Pure.
///
/// - A source that is told of every move stands after the last one it told. Its report is the first move behind that which another source told and which leads to
///   the same revision; when there is none, it is a new move at the end.
/// - A source that looked stands at least where the line ended before it looked. What it finds is that end when the revision is the same, else the first move
///   behind it that leads there, else a new move. So a move back whose report was lost is found, and the line ends where the branch stands.
/// - A source that knew nothing of a branch where it stood before saw it deleted: what it finds is a move behind that place, else a new one.
/// - Where a branch stood at the end of a long way is told when the branch has moved on. When it is new, the line ends there only if nobody told meanwhile where the
///   branch went.
/// - A commit on the way to where a branch stands is any move behind the source's place that another told; else it is new, and no end.
///
/// What one source tells twice is never one change: its repeats are known by their keys before they come here.
public struct MirrorLine: Hashable, Sendable {
    public struct Move: Hashable, Sendable {
        public var place: Int64
        public var revision: String
        /// Who told it first.
        public var source: String
        public var change: Subject

        public init(place: Int64, revision: String, source: String, change: Subject) {
            self.place = place
            self.revision = revision
            self.source = source
            self.change = change
        }
    }

    /// A change that is accepted, or one that is about to be.
    public enum Subject: Hashable, Sendable {
        case accepted(ChangeID, ChainID)
        case new(Int)
    }

    /// How many of its newest moves a store remembers, and its end.
    public static let kept: Int64 = 1000

    /// The number of the newest move.
    public private(set) var last: Int64
    public private(set) var end: MirrorEnd?
    /// Where each source stands.
    public private(set) var places: [String: Int64]
    /// At least those that lead to a revision which is reported, by their places.
    public private(set) var moves: [Move]
    /// What came to it here.
    public private(set) var appended: [Move] = []
    /// What each source's commits on the way to its next tip were held against: no two of them are one.
    private var taken: [String: Set<Int64>] = [:]

    public init(last: Int64 = 0, end: MirrorEnd? = nil, places: [String: Int64] = [:], moves: [Move] = []) {
        self.last = last
        self.end = end
        self.places = places
        self.moves = moves
    }

    /// Takes in what a source says of its branch. The move that another told before, and which this is; nil when it is new.
    public mutating func take(_ report: MirrorReport, revision: String, source: String, change: Subject) -> Move? {
        let place = places[source] ?? 0
        let same = same(report, revision, source, from: place)
        let move = same ?? append(Move(place: last + 1, revision: revision, source: source, change: change))
        taken[source, default: []].insert(move.place)
        if report.isTip { taken[source] = nil }
        // Who looked long ago does not know better than those who told since where the branch stands.
        let isOutdated = report.rule == .passed && same == nil && end?.place ?? 0 > report.since ?? 0
        if report.isTip && !isOutdated {
            places[source] = max(place, move.place)
            // What was told as a commit on the way may turn out to be where the branch stands.
            if move.place > end?.place ?? 0 { end = MirrorEnd(place: move.place, revision: revision) }
        }
        return same
    }

    private func same(_ report: MirrorReport, _ revision: String, _ source: String, from place: Int64) -> Move? {
        switch report.rule {
        case .looked where report.isTip, .passed:
            let start = max(place, report.since ?? place + 1)
            return moves.first { $0.revision == revision && $0.place >= start }
        case .looked, .told:
            let taken = taken[source] ?? []
            return moves.first { $0.revision == revision && $0.place > place && $0.source != source && !taken.contains($0.place) }
        case .grown:
            return moves.first { $0.revision == revision && $0.source != source }
        }
    }

    private mutating func append(_ move: Move) -> Move {
        last = move.place
        moves.append(move)
        appended.append(move)
        return move
    }
}
