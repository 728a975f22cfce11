/// Which of the requests that wait goes next, where projects have shares. Pure.
///
/// A request that waits longer than its project's longest wait goes before all others, the oldest first. Otherwise the project goes that has the fewest open
/// builds for its share; in it, and between projects that are equal in that, the higher priority, then age.
public struct QueueOrder: Sendable {
    /// A request that waits, as far as its place in the order depends on it.
    public struct Place: Hashable, Sendable {
        public var request: RequestID
        public var project: String
        public var priority: Int
        public var created: Timestamp

        public init(request: RequestID, project: String, priority: Int, created: Timestamp) {
            self.request = request
            self.project = project
            self.priority = priority
            self.created = created
        }
    }

    private let rules: [String: ProjectRule]
    private let now: Timestamp
    private var open: [String: Int]

    /// - Parameter open: how many builds of each project are open.
    public init(_ rules: [ProjectRule], open: [String: Int], now: Timestamp) {
        self.rules = Dictionary(rules.map { ($0.name, $0) }) { first, _ in first }
        self.open = open
        self.now = now
    }

    /// One more build of this project is open.
    public mutating func admit(_ project: String) { open[project, default: 0] += 1 }

    public func open(_ project: String) -> Int { open[project] ?? 0 }
    public func share(of project: String) -> Int { rules[project]?.share ?? 1 }
    public func longestWait(of project: String) -> Duration? { rules[project]?.longestWait }

    /// Whether something of this project that waits since then goes before all others.
    public func isOverdue(_ project: String, since created: Timestamp) -> Bool {
        longestWait(of: project).map { now.since(created) > $0 } ?? false
    }

    /// Whether this project has fewer open builds for its share than the other.
    public func isBehind(_ project: String, _ other: String) -> Bool {
        let (left, mine) = open(project).multipliedFullWidth(by: share(of: other))
        let (right, theirs) = open(other).multipliedFullWidth(by: share(of: project))
        return (left, mine) < (right, theirs)
    }

    public func precedes(_ left: Place, _ right: Place) -> Bool {
        switch (isOverdue(left.project, since: left.created), isOverdue(right.project, since: right.created)) {
        case (true, true): (left.created, left.request) < (right.created, right.request)
        case (true, false): true
        case (false, true): false
        case (false, false):
            isBehind(left.project, right.project)
                || !isBehind(right.project, left.project) && (right.priority, left.request) < (left.priority, right.request)
        }
    }
}
