/// What becomes of the requests of builders that were removed from the configuration.
public protocol RemovalStore: Sendable {
    /// Ends requests of builders that the configuration in force does not have, as `cancelled` and with the reason: those that no build has; a build that runs
    /// goes on by its recipe. At most `limit` of them; gives how many it ended.
    func endRemoved(limit: Int) async throws -> Int
}
