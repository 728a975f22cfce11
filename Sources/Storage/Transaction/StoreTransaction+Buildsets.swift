import Domain

/// A buildset to be made, with what its row repeats of the newest change, for lists.
package struct NewBuildset {
    package var plan: PlannedBuildset
    package var author: String
    package var comments: String
    /// A rule decided on it; false for builds by hand.
    package var byRule: Bool
    /// Results that are there may answer its requests, where a rule decided on it.
    package var mayReuse = true

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

/// A buildset as it is inserted.
package struct BuildsetDraft {
    package var new: NewBuildset
    package var chain: ChainID
    package var version: Int64
    /// What is built; unknown ones are left out.
    var builders: [Builder]
    var unknown: [String]

    package var openRequests: Int { builders.count }
    /// What the buildset is made of and about, as its row says it; nil for one repository.
    package var further: [SourceStamp]? { new.plan.stamp.codebase.isEmpty ? nil : new.plan.further }
    package var line: String? { new.plan.stamps.line }
    package var hasNeeds: Bool { builders.contains { !needs(of: $0).isEmpty } }

    /// What a builder waits for here: a need of something that is not built with it is no need.
    func needs(of builder: Builder) -> [Need] {
        builder.needs.filter { need in builders.contains { $0.name == need.builder } }
    }

    init(_ new: NewBuildset, deployment: String, configuration: Configuration) {
        var names = Set<String>()
        let wanted = new.plan.builders.filter { names.insert($0).inserted }
        self.new = new
        chain = ChainID(deployment: deployment, scheduler: new.plan.scheduler, trigger: new.plan.trigger)
        // Its events count the row's version: `buildset.created`, and `scheduler.fired` when a rule made it.
        version = new.byRule ? 2 : 1
        builders = wanted.compactMap { configuration.builder(named: $0) }
        unknown = wanted.filter { configuration.builder(named: $0) == nil }
    }

    /// What its requests have in common with others whose builds would do the same. What a person asked for is built for that person.
    var identity: RequestIdentity? {
        new.byRule ? RequestIdentity(stamps: [new.plan.stamp] + new.plan.further, properties: new.plan.properties) : nil
    }

    func context(_ id: BuildsetID) -> BuildsetContext {
        let plan = new.plan
        return BuildsetContext(
            id: id, scheduler: plan.scheduler, reason: plan.reason, chain: chain, parents: plan.parents, changes: plan.changes, stamp: plan.stamp,
            further: plan.further, properties: plan.properties, hasNeeds: hasNeeds)
    }
}

package struct NewRequest {
    package var buildset: BuildsetID
    package var builder: String
    package var matchClass: Int64
    /// Its stamp's.
    package var project: String
    package var priority: Int
    package var attemptsAllowed: Int
    /// When it ends unless it has begun.
    package var deadline: Timestamp?
    /// Not empty: it is made in phase `waiting`.
    package var needs: [Need]
    /// What it asks for; nil: it gets a build of its own.
    package var identity: String?
    /// Under which result it may be answered at once; nil: it is built.
    package var reuse: (key: String, rule: ReuseRule)?

    package var phase: RequestPhase { needs.isEmpty ? .pending : .waiting }
}

package struct CreatedBuildset {
    package var context: BuildsetContext
    package var requests: [RequestID]
}

extension StoreTransaction {
    package func create(_ new: NewBuildset, configuration: Configuration) throws -> CreatedBuildset? {
        try create([new], configuration: configuration)[0]
    }

    /// Makes buildsets with a request for each of their builders, and their events, with a few statements for all. Nil in place of each whose trigger made one
    /// before. Builders that the configuration does not know are left out and named by `scheduler.failed`.
    package func create(_ all: [NewBuildset], configuration: Configuration) throws -> [CreatedBuildset?] {
        guard !all.isEmpty else { return [] }
        let drafts = all.map { BuildsetDraft($0, deployment: deployment, configuration: configuration) }
        let contexts = zip(drafts, try insert(drafts)).map { draft, id in id.map(draft.context) }
        let requests = try makeRequests(drafts, contexts, configuration)
        var created: [CreatedBuildset?] = []
        for (draft, context) in zip(drafts, contexts) {
            guard let context else {
                created.append(nil)
                continue
            }
            remember(context)
            tell(draft, context)
            let own = requests[context.id] ?? []
            for (id, request) in own { tell(request, id, context) }
            created.append(CreatedBuildset(context: context, requests: own.map(\.id)))
        }
        let followed = configuration.followedSchedulers
        let awaited = followed.isEmpty ? [] : created.compactMap { $0?.context }.filter { followed.contains($0.scheduler) }.map(\.id)
        if !awaited.isEmpty { try expectEnds(of: awaited) }
        try finishBuildsets(created.compactMap { $0 }.filter(\.requests.isEmpty).map(\.context.id))
        try reuseResults(requests.values.flatMap { $0 }.map { (id: $0.id, request: $0.1) }.sorted { $0.id < $1.id })
        return created
    }

    private func makeRequests(
        _ drafts: [BuildsetDraft], _ contexts: [BuildsetContext?], _ configuration: Configuration
    ) throws -> [BuildsetID: [(id: RequestID, NewRequest)]] {
        var classes: [String: [Demand: Int64]] = [:]
        var new: [NewRequest] = []
        for (draft, context) in zip(drafts, contexts) {
            guard let context else { continue }
            let identity = draft.builders.contains(where: \.collapse) ? draft.identity : nil
            for builder in draft.builders {
                let demand = Demand(
                    untrusted: context.properties.isUntrusted, patched: context.stamp.patch != nil, ofCodebases: draft.further != nil)
                let matchClass = try classes[builder.name]?[demand] ?? matchClass(of: configuration.asked(of: builder, by: demand))
                classes[builder.name, default: [:]][demand] = matchClass
                new.append(
                    NewRequest(
                        buildset: context.id, builder: builder.name, matchClass: matchClass, project: context.stamp.project,
                        priority: draft.new.plan.priority + builder.priority,
                        attemptsAllowed: max(1, builder.attempts), deadline: try builder.deadline.map { try now.advanced(by: $0) },
                        needs: draft.needs(of: builder), identity: builder.collapse ? identity?.digest(of: builder.name) : nil,
                        reuse: try reuse(of: builder, draft, configuration)))
            }
        }
        guard !new.isEmpty else { return [:] }
        return zip(try insert(new), new).reduce(into: [:]) { $0[$1.1.buildset, default: []].append((id: $1.0, $1.1)) }
    }

    /// What waits for others is built when they have ended: only then it is known whether it is wanted.
    private func reuse(of builder: Builder, _ draft: BuildsetDraft, _ configuration: Configuration) throws -> (key: String, rule: ReuseRule)? {
        guard let rule = builder.reuse, draft.new.byRule, draft.new.mayReuse, draft.needs(of: builder).isEmpty else { return nil }
        let plan = draft.new.plan
        return try resultKey(builder, stamps: [plan.stamp] + plan.further, properties: plan.properties, configuration).map { ($0, rule) }
    }

    private func tell(_ draft: BuildsetDraft, _ context: BuildsetContext) {
        let fact = BuildsetFact(
            scheduler: context.scheduler, reason: context.reason, project: context.stamp.project, branch: context.stamp.branch,
            revision: context.stamp.revision, builders: draft.builders.map(\.name), stamps: draft.further.map { _ in draft.new.plan.stamps })
        emit(
            EventDraft(.buildsetCreated, entity: .buildset, id: context.id.rawValue, chain: context.eventChain(), data: .buildset(fact)),
            version: 1)
        if draft.new.byRule { tell(.schedulerFired, context.reason, context, version: 2) }
        if !draft.unknown.isEmpty {
            tell(.schedulerFailed, "the configuration has no builder named \(draft.unknown.joined(separator: ", "))", context, version: nil)
        }
    }

    private func tell(_ kind: EventKind, _ reason: String, _ context: BuildsetContext, version: Int64?) {
        emit(
            EventDraft(
                kind, entity: .buildset, id: context.id.rawValue, chain: context.eventChain(),
                data: .scheduler(
                    SchedulerFact(scheduler: context.scheduler, buildset: context.id, changes: context.changes, reason: reason))),
            routing: EventRouting(project: context.stamp.project, branch: context.stamp.branch), version: version)
    }

    private func tell(_ request: NewRequest, _ id: RequestID, _ context: BuildsetContext) {
        let fact = RequestFact(
            buildset: context.id, builder: request.builder, project: context.stamp.project, branch: context.stamp.branch, phase: request.phase,
            priority: request.priority, attempts: 0)
        emit(
            EventDraft(
                .requestCreated, entity: .request, id: id.rawValue, chain: context.eventChain(request: id), data: .request(fact)),
            version: 1)
    }
}
