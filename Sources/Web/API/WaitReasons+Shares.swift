import Domain
import Storage

extension WaitReasons {
    /// What comes before a pending request, as a claim would find it if a worker were free for each.
    struct Standing {
        /// In the order of the queue; what a limit keeps lets others pass, and is not here.
        var first: [WaitFacts.InLine] = []
        /// Those of them that wait for a lock: they take no worker from others.
        var waiting: Set<RequestID> = []
        /// The locks that go to those.
        var locks: [String] = []
    }

    var order: QueueOrder? {
        guard let configuration, let facts = facts.bounds, !configuration.projects.isEmpty else { return nil }
        return QueueOrder(configuration.projects, open: facts.openOfProjects, now: facts.now)
    }

    private var own: WaitFacts.InLine {
        let request = facts.request
        let place =
            order == nil
            ? QueueOrder.Place(request: request.id, project: "", priority: request.priority, created: Timestamp(microseconds: 0))
            : QueueOrder.Place(request: request.id, project: request.stamp.project, priority: request.priority, created: request.created)
        return WaitFacts.InLine(place: place, builder: request.builder, labels: facts.required)
    }

    /// Gives out one after the other what is in line, by the order and the rules of a claim, until it is this one's turn.
    var standing: Standing {
        let own = own
        let line = facts.line.filter { $0.place.request != own.place.request } + [own]
        let byRequest = line.reduce(into: [:]) { $0[$1.place.request] = $1 }
        let project = order == nil ? nil : own.place.project
        var queue = WaitQueue(line.map(\.place), order)
        var occupancy = occupancy
        var standing = Standing()
        while let place = queue.next(), place.request != own.place.request, let one = byRequest[place.request] {
            switch occupancy?.obstacle(to: one.builder, of: order == nil ? nil : place.project) {
            case .all, .project, .builder: continue
            case .locks:
                occupancy?.reserve(one.builder)
                standing.waiting.insert(place.request)
                standing.first.append(one)
            case nil:
                occupancy?.admit(one.builder, of: order == nil ? nil : place.project)
                queue.admit(place)
                standing.first.append(one)
            }
        }
        if case .locks(let names) = occupancy?.obstacle(to: own.builder, of: project) { standing.locks = names }
        return standing
    }

    private var isOverdue: Bool {
        order?.isOverdue(facts.request.stamp.project, since: facts.request.created) ?? false
    }

    /// Why a pending request goes before all others.
    var longestWait: [Reason] {
        let project = facts.request.stamp.project
        guard isOverdue, let longest = order?.longestWait(of: project) else { return [] }
        return [Reason("longest_wait", "it goes before all others: it waits longer than \(longest), the longest wait of project \(project)")]
    }

    /// Whose requests go before a pending one where the same workers can build them. Those of its own builder and project are counted apart, where they are.
    var shares: [Reason] {
        let own = own
        let standing = standing
        let able = facts.workers.filter { $0.connected && !$0.paused && $0.labels.satisfy(facts.required) }
        let others = standing.first.filter { one in
            (facts.ahead == 0 || (one.builder, one.labels, one.place.project) != (own.builder, own.labels, own.place.project))
                && able.contains { $0.labels.satisfy(one.labels) } && !standing.waiting.contains(one.place.request)
        }
        guard let order else { return byPriority(others) }
        let overdue = others.filter { order.isOverdue($0.place.project, since: $0.place.created) }
        var reasons = Dictionary(grouping: overdue, by: \.place.project).values.compactMap { $0.min { $0.place.created < $1.place.created } }
            .sorted { ($0.place.created, $0.place.request) < ($1.place.created, $1.place.request) }.map { first in
                let what =
                    first.place.project == own.place.project ? "request \(first.place.request) of \(first.builder)" : "project \(first.place.project)"
                return Reason(
                    "longest_wait",
                    "\(what) goes first: a request of it waits since \(first.place.created), longer than the longest wait of the project, "
                        + "\(order.longestWait(of: first.place.project) ?? .zero)")
            }
        let inTime = others.filter { !order.isOverdue($0.place.project, since: $0.place.created) }
        let behind = inTime.map(\.place.project).filter { order.isBehind($0, own.place.project) }
        if !behind.isEmpty {
            let those = Set(behind).sorted().map { "project \($0), which has \(order.open($0)) with share \(order.share(of: $0))" }
            let mine = "project \(own.place.project) has \(order.open(own.place.project)) builds with share \(order.share(of: own.place.project))"
            reasons.append(Reason("share", "\(mine): first goes \(Self.some(those))"))
        }
        return reasons + byPriority(inTime.filter { !order.isBehind($0.place.project, own.place.project) })
    }

    /// Neither a longest wait nor a share puts these first.
    private func byPriority(_ first: [WaitFacts.InLine]) -> [Reason] {
        guard !first.isEmpty else { return [] }
        let those = Self.some(first.map { "request \($0.place.request) of \($0.builder)" })
        return [Reason("queue", "by priority and age, first \(first.count == 1 ? "comes" : "come") \(those)")]
    }
}

/// What is in line, one after the other, as a claim takes it: by projects where they have shares, else by priority and age.
private struct WaitQueue {
    private var plain: ArraySlice<QueueOrder.Place> = []
    private var fair: FairQueue?

    init(_ places: [QueueOrder.Place], _ order: QueueOrder?) {
        if let order {
            fair = FairQueue(places, order: order)
        } else {
            plain = places.sorted { ($1.priority, $0.request) < ($0.priority, $1.request) }[...]
        }
    }

    mutating func next() -> QueueOrder.Place? { fair == nil ? plain.popFirst() : fair?.next() }
    mutating func admit(_ place: QueueOrder.Place) { fair?.admit(place) }
}
