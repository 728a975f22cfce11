import Domain
import GRDB
import Storage

/// A buildset to be made, with what its row repeats of the newest change, for lists.
struct NewBuildset {
    var plan: PlannedBuildset
    var author: String
    var comments: String
    /// A rule decided on it; false for builds by hand.
    var byRule: Bool

    init(_ plan: PlannedBuildset, newest: Change?, byRule: Bool) {
        self.init(plan, author: newest?.content.author ?? "", comments: newest?.content.comments ?? "", byRule: byRule)
    }

    init(_ plan: PlannedBuildset, author: String, comments: String, byRule: Bool) {
        self.plan = plan
        self.author = author
        self.comments = String(comments.prefix { !$0.isNewline })
        self.byRule = byRule
    }
}

struct CreatedBuildset {
    var context: BuildsetContext
    var requests: [RequestID]
}

extension SQLiteTransaction {
    /// Makes a buildset with a request for each of its builders, and their events. Nil when its trigger made one before. Builders that the
    /// configuration does not know are left out and named by `scheduler.failed`.
    func create(_ new: NewBuildset, configuration: Domain.Configuration) throws -> CreatedBuildset? {
        let plan = new.plan
        var names = Set<String>()
        let wanted = plan.builders.filter { names.insert($0).inserted }
        let builders = wanted.compactMap { configuration.builder(named: $0) }
        let unknown = wanted.filter { configuration.builder(named: $0) == nil }
        guard let context = try insert(new, requests: builders.count) else { return nil }
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
        let requests = try builders.map { try request(of: $0, priority: plan.priority + $0.priority, in: context) }
        if requests.isEmpty { try finishBuildsets([context.id]) }
        return CreatedBuildset(context: context, requests: requests)
    }

    private func insert(_ new: NewBuildset, requests: Int) throws -> BuildsetContext? {
        let plan = new.plan
        let stamp = plan.stamp
        let stampID = stamp.id
        try run(
            """
            INSERT INTO source_stamps (id, project, repository, branch, revision, codebase) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO NOTHING
            """,
            [stampID, stamp.project, stamp.repository, stamp.branch, stamp.revision, stamp.codebase])
        let chain = ChainID(deployment: store.deployment, scheduler: plan.scheduler, trigger: plan.trigger)
        // The events below count the row's version: `buildset.created`, and `scheduler.fired` when a rule made it.
        let id = try value(
            Int64.self,
            """
            INSERT INTO buildsets (scheduler, trigger_key, reason, chain, parents, stamp, branch, changes, author, comments, properties,
                open_requests, created, version)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (scheduler, trigger_key) DO NOTHING RETURNING id
            """,
            [
                plan.scheduler, plan.trigger, plan.reason, chain.rawValue, JSONText.encode(plan.parents), stampID, stamp.branch,
                JSONText.list(plan.changes), new.author, new.comments, try JSONText.encode(plan.properties), requests, now.microseconds,
                new.byRule ? 2 : 1,
            ])
        guard let id else { return nil }
        for change in plan.changes {
            try run("INSERT INTO buildset_changes (change, buildset) VALUES (?, ?) ON CONFLICT DO NOTHING", [change.rawValue, id])
        }
        return BuildsetContext(
            id: BuildsetID(id), scheduler: plan.scheduler, reason: plan.reason, chain: chain, parents: plan.parents, changes: plan.changes,
            stamp: stamp, properties: plan.properties)
    }

    private func tell(_ kind: EventKind, _ reason: String, _ context: BuildsetContext, version: Int64?) {
        emit(
            EventDraft(
                kind, entity: .buildset, id: context.id.rawValue, chain: context.eventChain(),
                data: .scheduler(
                    SchedulerFact(scheduler: context.scheduler, buildset: context.id, changes: context.changes, reason: reason))),
            routing: EventRouting(project: context.stamp.project, branch: context.stamp.branch), version: version)
    }

    private func request(of builder: Builder, priority: Int, in context: BuildsetContext) throws -> RequestID {
        try run(
            """
            INSERT INTO requests (buildset, builder, match_class, phase, priority, attempts_allowed, created, version)
            VALUES (?, ?, ?, 'pending', ?, ?, ?, 1)
            """,
            [context.id.rawValue, builder.name, try matchClass(of: builder), priority, max(1, builder.attempts), now.microseconds])
        let id = RequestID(db.lastInsertedRowID)
        emit(
            EventDraft(
                .requestCreated, entity: .request, id: id.rawValue, chain: context.eventChain(request: id),
                data: .request(
                    RequestFact(
                        buildset: context.id, builder: builder.name, project: context.stamp.project, branch: context.stamp.branch,
                        phase: .pending, priority: priority, attempts: 0))),
            version: 1)
        return id
    }
}
