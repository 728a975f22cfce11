import Domain
import Storage

extension WaitReasons {
    private var order: QueueOrder? {
        guard let configuration, let facts = facts.bounds, !configuration.projects.isEmpty else { return nil }
        return QueueOrder(configuration.projects, open: facts.openOfProjects, now: facts.now)
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

    /// The projects whose requests go before a pending one.
    var shares: [Reason] {
        guard let order, let configuration, let bounds = facts.bounds else { return [] }
        let project = facts.request.stamp.project
        // One that has as many builds as it may have goes before nobody.
        let full = Occupancy(configuration, open: [:], projects: bounds.openOfProjects).fullProjects
        guard !full.contains(project) else { return [] }
        let others = bounds.projects.filter { $0.name != project && !full.contains($0.name) }
        var reasons = others.filter { other in
            order.isOverdue(other.name, since: other.oldest) && (!isOverdue || other.oldest < facts.request.created)
        }.map { other in
            Reason(
                "longest_wait",
                "project \(other.name) goes first: a request of it waits since \(other.oldest), longer than the longest wait of the project, "
                    + "\(order.longestWait(of: other.name) ?? .zero)")
        }
        guard !isOverdue else { return reasons }
        let ahead = others.filter { order.isBehind($0.name, project) }
        if !ahead.isEmpty {
            let those = Self.some(ahead.map { "project \($0.name), which has \(order.open($0.name)) with share \(order.share(of: $0.name))" })
            let own = "project \(project) has \(order.open(project)) builds with share \(order.share(of: project))"
            reasons.append(Reason("share", "\(own): first goes \(those)"))
        }
        return reasons
    }
}
