import Domain

/// A request with a deadline that waits, and that no build has begun.
package struct UnbegunRequest {
    package var request: RequestID
    package var deadline: Timestamp
    package var created: Timestamp

    package init(request: RequestID, deadline: Timestamp, created: Timestamp) {
        self.request = request
        self.deadline = deadline
        self.created = created
    }
}

/// What a store says for deadlines.
package protocol DeadlineTransaction: ControlTransaction {
    /// The requests with a deadline that wait and that no build has begun, the first due first; at most so many. A build has begun once its worker accepted it.
    func unbegunRequests(limit: Int) throws -> [UnbegunRequest]
}

extension DeadlineTransaction {
    package func endOverdue(limit: Int) throws -> DeadlineResult {
        let first = try overdue(limit: limit)
        guard !first.isEmpty else { return DeadlineResult(ended: 0, nextDue: try nextDue()) }
        try lock(first.map(\.request), buildsOf: [])
        // Locked now: since it was listed, a build may have begun.
        let still = Set(first.map(\.request))
        let ending = try overdue(limit: limit).filter { still.contains($0.request) }
        _ = try cancel(
            ending.map { one in
                WantedCancel(
                    request: one.request, reason: "no build of it had begun at its deadline, \(one.deadline.since(one.created)) after it was made",
                    evenClaimed: false)
            })
        return DeadlineResult(ended: ending.count, nextDue: try nextDue())
    }

    private func overdue(limit: Int) throws -> [UnbegunRequest] {
        let now = try now
        return try unbegunRequests(limit: limit).filter { $0.deadline <= now }
    }

    private func nextDue() throws -> Timestamp? { try unbegunRequests(limit: 1).first?.deadline }
}
