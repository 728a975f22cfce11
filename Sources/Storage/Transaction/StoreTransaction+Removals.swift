import Domain

/// What a store says for the requests of builders that are gone.
package protocol RemovalTransaction: ControlTransaction {
    /// Requests that are pending or wait, of other builders than these, oldest first; at most so many.
    func unclaimedRequests(notOf builders: [String], limit: Int) throws -> [(request: RequestID, builder: String)]
}

extension RemovalTransaction {
    package func endRemoved(limit: Int) throws -> Int {
        // Before any row is locked: whoever applies a configuration holds its lock and then theirs.
        guard let current = try currentConfiguration() else { return 0 }
        let found = try unclaimedRequests(notOf: current.configuration.builders.map(\.name), limit: limit)
        _ = try cancel(
            found.map { request, builder in
                WantedCancel(request: request, reason: "configuration \(current.id) has no builder \(builder)", evenClaimed: false)
            })
        return found.count
    }
}
