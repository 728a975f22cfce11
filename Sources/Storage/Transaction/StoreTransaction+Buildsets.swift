import Domain

/// A buildset to be made, with what its row repeats of the newest change, for lists.
package struct NewBuildset {
    package var plan: PlannedBuildset
    package var author: String
    package var comments: String
    /// A rule decided on it; false for builds by hand.
    package var byRule: Bool

    package init(_ plan: PlannedBuildset, newest: Change?, byRule: Bool) {
        self.init(plan, author: newest?.content.author ?? "", comments: newest?.content.comments ?? "", byRule: byRule)
    }

    package init(_ plan: PlannedBuildset, author: String, comments: String, byRule: Bool) {
        self.plan = plan
        self.author = author
        self.comments = String(comments.prefix { !$0.isNewline })
        self.byRule = byRule
    }
}

package struct NewRequest {
    package var builder: String
    package var matchClass: Int64
    package var priority: Int
    package var attemptsAllowed: Int
}

package struct CreatedBuildset {
    package var context: BuildsetContext
    package var requests: [RequestID]
}

extension StoreTransaction {
    /// Makes a buildset with a request for each of its builders, and their events. Nil when its trigger made one before. Builders that the
    /// configuration does not know are left out and named by `scheduler.failed`.
    package func create(_ new: NewBuildset, configuration: Configuration) throws -> CreatedBuildset? {
        let plan = new.plan
        var names = Set<String>()
        let wanted = plan.builders.filter { names.insert($0).inserted }
        let builders = wanted.compactMap { configuration.builder(named: $0) }
        let unknown = wanted.filter { configuration.builder(named: $0) == nil }
        let chain = ChainID(deployment: deployment, scheduler: plan.scheduler, trigger: plan.trigger)
        // The events below count the row's version: `buildset.created`, and `scheduler.fired` when a rule made it.
        guard let id = try insert(new, chain: chain, requests: builders.count, version: new.byRule ? 2 : 1) else { return nil }
        let context = BuildsetContext(
            id: id, scheduler: plan.scheduler, reason: plan.reason, chain: chain, parents: plan.parents, changes: plan.changes, stamp: plan.stamp,
            properties: plan.properties)
        remember(context)
        emit(
            EventDraft(
                .buildsetCreated, entity: .buildset, id: context.id.rawValue, chain: context.eventChain(),
                data: .buildset(
                    BuildsetFact(
                        scheduler: plan.scheduler, reason: plan.reason, project: plan.stamp.project, branch: plan.stamp.branch,
                        revision: plan.stamp.revision, builders: builders.map(\.name)))),
            version: 1)
        if new.byRule { tell(.schedulerFired, plan.reason, context, version: 2) }
        if !unknown.isEmpty {
            tell(.schedulerFailed, "the configuration has no builder named \(unknown.joined(separator: ", "))", context, version: nil)
        }
        let requests = try makeRequests(of: builders, priority: plan.priority, in: context)
        if requests.isEmpty { try finishBuildsets([context.id]) }
        return CreatedBuildset(context: context, requests: requests)
    }

    private func tell(_ kind: EventKind, _ reason: String, _ context: BuildsetContext, version: Int64?) {
        emit(
            EventDraft(
                kind, entity: .buildset, id: context.id.rawValue, chain: context.eventChain(),
                data: .scheduler(
                    SchedulerFact(scheduler: context.scheduler, buildset: context.id, changes: context.changes, reason: reason))),
            routing: EventRouting(project: context.stamp.project, branch: context.stamp.branch), version: version)
    }

    private func makeRequests(of builders: [Builder], priority: Int, in context: BuildsetContext) throws -> [RequestID] {
        guard !builders.isEmpty else { return [] }
        let new = try builders.map { builder in
            NewRequest(
                builder: builder.name, matchClass: try matchClass(of: builder), priority: priority + builder.priority,
                attemptsAllowed: max(1, builder.attempts))
        }
        let ids = try insert(new, of: context.id)
        for (request, id) in zip(new, ids) {
            emit(
                EventDraft(
                    .requestCreated, entity: .request, id: id.rawValue, chain: context.eventChain(request: id),
                    data: .request(
                        RequestFact(
                            buildset: context.id, builder: request.builder, project: context.stamp.project, branch: context.stamp.branch,
                            phase: .pending, priority: request.priority, attempts: 0))),
                version: 1)
        }
        return ids
    }
}
