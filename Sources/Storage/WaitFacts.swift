import Domain

/// The facts from which `why` is told.
public struct WaitFacts: Hashable, Sendable {
    public var request: RequestRow
    public var required: Labels
    /// Pending requests of the same match class, where projects have shares of the same project too, that come before this one: of those that are first by
    /// priority and age, one more than `mostAhead`. Those that ask for the same are not counted: they do not keep it.
    public var ahead: Int
    public var workers: [WorkerRow]
    public var build: BuildRow?
    /// The requests of its buildset that have to end before it is pending.
    public var needs: [NeedsGraph.Node]
    /// What its limits and locks are judged by; nil where the configuration in force has none for it.
    public var bounds: BoundFacts?
    /// Those that it may wait for in line, in no order; empty unless it is pending.
    public var line: [InLine]
    /// A request that waits too and asks for the same.
    public var same: Same?
    /// Nil: it has none, or a build of it has begun.
    public var deadline: Deadline?

    public static let mostAhead = 1000

    public enum Deadline: Hashable, Sendable {
        case ahead(Timestamp)
        case passed(Timestamp)

        package init?(of request: RequestRow, hasBegun: Bool, now: Timestamp) {
            guard let deadline = request.deadline, !hasBegun else { return nil }
            self = deadline > now ? .ahead(deadline) : .passed(deadline)
        }
    }

    public struct Same: Hashable, Sendable {
        public var request: RequestID
        /// A claim takes that one, and its build answers this one; else the other way round.
        public var comesFirst: Bool

        public init(request: RequestID, comesFirst: Bool) {
            self.request = request
            self.comesFirst = comesFirst
        }

        /// - Parameters:
        ///   - first: of all that ask for the same, the one that a claim takes.
        ///   - other: the first of them beside this one.
        package init?(as own: RequestID, first: RequestID?, other: RequestID?) {
            if let first, first != own {
                self.init(request: first, comesFirst: true)
            } else if let other {
                self.init(request: other, comesFirst: false)
            } else {
                return nil
            }
        }
    }

    /// The first request of a class that needs a worker, or a lock, which this one needs; where projects have shares the first of each of them.
    public struct InLine: Hashable, Sendable {
        /// The project and the time are told only where projects have shares.
        public var place: QueueOrder.Place
        public var builder: String
        /// What its class asks of workers.
        public var labels: Labels

        public init(place: QueueOrder.Place, builder: String, labels: Labels) {
            self.place = place
            self.builder = builder
            self.labels = labels
        }
    }

    public init(
        request: RequestRow, required: Labels, ahead: Int, workers: [WorkerRow], build: BuildRow?, needs: [NeedsGraph.Node] = [],
        bounds: BoundFacts? = nil, line: [InLine] = [], same: Same? = nil, deadline: Deadline? = nil
    ) {
        self.request = request
        self.required = required
        self.ahead = ahead
        self.workers = workers
        self.build = build
        self.needs = needs
        self.bounds = bounds
        self.line = line
        self.same = same
        self.deadline = deadline
    }

    /// The classes whose first requests may go before this one: those that a worker can serve which can serve this one, and those that need a lock which it
    /// needs and that some worker can serve.
    package static func competing(
        with builder: String, requiring labels: Labels, among classes: some Sequence<MatchClass>, workers: [WorkerRow],
        of configuration: Configuration
    ) -> [MatchClass] {
        let builders = Set(configuration.builders.map(\.name))
        let rivals = configuration.rivals(of: builder)
        let willing = workers.filter { $0.connected && !$0.paused }
        let able = willing.filter { $0.labels.satisfy(labels) }
        return classes.filter { one in
            guard builders.contains(one.builder) else { return false }
            return (rivals.contains(one.builder) ? willing : able).contains { $0.labels.satisfy(one.labels) }
        }.sorted { $0.id < $1.id }
    }
}

/// The builds that a request can wait for which a limit or a lock bounds, or that goes by the shares of projects.
public struct BoundFacts: Hashable, Sendable {
    public struct OpenBuild: Hashable, Sendable {
        public var build: BuildID
        public var builder: String
        public var project: String
        public var assigned: Timestamp

        public init(build: BuildID, builder: String, project: String, assigned: Timestamp) {
            self.build = build
            self.builder = builder
            self.project = project
            self.assigned = assigned
        }
    }
    /// Every build that is open, oldest first.
    public var open: [OpenBuild]
    /// When this was true.
    public var now: Timestamp

    public init(open: [OpenBuild], now: Timestamp) {
        self.open = open
        self.now = now
    }
}
