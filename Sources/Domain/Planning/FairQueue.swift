/// Requests that wait, given out one by one in the order of `QueueOrder`, which each admission changes. Pure.
public struct FairQueue: Sendable {
    private var order: QueueOrder
    /// The last of each is the next.
    private var overdue: [QueueOrder.Place]
    private var queues: [String: [QueueOrder.Place]]

    /// - Parameter places: each request once.
    public init(_ places: [QueueOrder.Place], order: QueueOrder) {
        self.order = order
        // Within one project, and among those that are overdue, no admission changes anything.
        let sorted = places.sorted { order.precedes($1, $0) }
        overdue = sorted.filter { order.isOverdue($0.project, since: $0.created) }
        queues = Dictionary(grouping: sorted.filter { !order.isOverdue($0.project, since: $0.created) }, by: \.project)
    }

    /// Takes the first in line out.
    public mutating func next() -> QueueOrder.Place? {
        if let first = overdue.popLast() { return first }
        guard let first = queues.values.compactMap(\.last).min(by: order.precedes) else { return nil }
        queues[first.project]?.removeLast()
        return first
    }

    /// The one that was taken out gets its build.
    public mutating func admit(_ place: QueueOrder.Place) { order.admit(place.project) }
}
