import Domain

/// A buildset that has ended and that somebody awaited.
package struct AwaitedEnd {
    package var buildset: BuildsetID
    package var outcome: Outcome
    package var author: String
    package var comments: String

    package init(buildset: BuildsetID, outcome: Outcome, author: String, comments: String) {
        self.buildset = buildset
        self.outcome = outcome
        self.author = author
        self.comments = comments
    }
}

/// What a store says for schedulers that follow others.
package protocol CompletionTransaction: SchedulingTransaction {
    /// Up to `limit` awaited buildsets that have ended, in their order; nobody else gets them until this transaction ends.
    func takeAwaitedEnds(limit: Int) throws -> [AwaitedEnd]
    func forgetAwaited(_ buildsets: [BuildsetID]) throws
}

extension CompletionTransaction {
    /// Follows the ends of buildsets by the configuration in force.
    package func followEnds(limit: Int) throws -> SchedulingResult {
        let ends = try takeAwaitedEnds(limit: limit)
        guard !ends.isEmpty, let configuration = try currentConfiguration()?.configuration else { return SchedulingResult(taken: 0, buildsets: []) }
        let planner = Planner(configuration: configuration)
        var new: [NewBuildset] = []
        for end in ends {
            let context = try context(of: end.buildset)
            let finished = FinishedBuildset(
                id: end.buildset, scheduler: context.scheduler, outcome: end.outcome, chain: context.chain, stamp: context.stamp,
                changes: context.changes, properties: context.properties, further: context.further)
            new += planner.follow(finished).map { NewBuildset($0, author: end.author, comments: end.comments, byRule: true) }
        }
        let made = try create(new, configuration: configuration).compactMap { $0?.context.id }
        try forgetAwaited(ends.map(\.buildset))
        return SchedulingResult(taken: ends.count, buildsets: made)
    }
}
