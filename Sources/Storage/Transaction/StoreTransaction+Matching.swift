import Domain

/// One request that is to be claimed, and for whom.
package struct Claim {
    package var request: RequestID
    package var offer: SlotOffer
}

/// A request as it was claimed, and the build that it got.
package struct ClaimedBuild {
    package var build: BuildID
    package var attempt: Int
    package var fence: Fence
    package var request: RequestID
    package var buildset: BuildsetID
    package var builder: String
    package var worker: String
    package var priority: Int
    package var attempts: Int
    package var requestVersion: Int64

    package init(
        build: BuildID, attempt: Int, fence: Fence, request: RequestID, buildset: BuildsetID, builder: String, worker: String, priority: Int,
        attempts: Int,
        requestVersion: Int64
    ) {
        self.build = build
        self.attempt = attempt
        self.fence = fence
        self.request = request
        self.buildset = buildset
        self.builder = builder
        self.worker = worker
        self.priority = priority
        self.attempts = attempts
        self.requestVersion = requestVersion
    }
}

/// A request that waited for the same as one that was claimed: the build answers it too.
package struct ClaimedRider {
    package var request: RequestID
    package var buildset: BuildsetID
    package var builder: String
    package var build: BuildID
    package var priority: Int
    package var attempts: Int
    package var requestVersion: Int64

    package init(
        request: RequestID, buildset: BuildsetID, builder: String, build: BuildID, priority: Int, attempts: Int, requestVersion: Int64
    ) {
        self.request = request
        self.buildset = buildset
        self.builder = builder
        self.build = build
        self.priority = priority
        self.attempts = attempts
        self.requestVersion = requestVersion
    }

    /// What one build answers: more would keep others waiting. What is left gets the next build.
    package static let most = 1000
}

extension StoreTransaction {
    /// Makes a build for each request, and their events; gives them as their workers are handed them. Those that wait for the same are answered by it.
    package func assign(_ claims: [Claim], configuration: ConfigurationID) throws -> [Assignment] {
        guard !claims.isEmpty else { return [] }
        let offers = claims.reduce(into: [:]) { $0[$1.request] = $1.offer }
        let (claimed, riders) = try claim(claims, configuration: configuration)
        let assignments = try claimed.sorted { $0.build < $1.build }.map { one in
            guard let offer = offers[one.request] else { throw StoreError.internalError("a request was claimed that nobody asked for") }
            let context = try context(of: one.buildset)
            let chain = context.eventChain(request: one.request)
            let claimed = RequestFact(
                buildset: one.buildset, builder: one.builder, project: context.stamp.project, branch: context.stamp.branch, phase: .claimed,
                priority: one.priority, attempts: one.attempts, build: one.build, worker: one.worker)
            let assigned = BuildFact(
                request: one.request, buildset: one.buildset, builder: one.builder, worker: one.worker, attempt: one.attempt,
                project: context.stamp.project, branch: context.stamp.branch, revision: context.stamp.revision, phase: .assigned)
            emit(
                EventDraft(.requestClaimed, entity: .request, id: one.request.rawValue, chain: chain, data: .request(claimed)),
                version: one.requestVersion)
            emit(EventDraft(.buildAssigned, entity: .build, id: one.build.rawValue, chain: chain, data: .build(assigned)), version: 1)
            return Assignment(
                build: one.build, request: one.request, fence: one.fence, session: offer.session, worker: one.worker, attempt: one.attempt,
                context: context, builder: try builder(one.builder, configuration), sources: try sources(of: context, configuration))
        }
        try tell(riders, workers: claimed.reduce(into: [:]) { $0[$1.build] = $1.worker })
        return assignments
    }

    private func tell(_ riders: [ClaimedRider], workers: [BuildID: String]) throws {
        for rider in riders.sorted(by: { $0.request < $1.request }) {
            let context = try context(of: rider.buildset)
            let fact = RequestFact(
                buildset: rider.buildset, builder: rider.builder, project: context.stamp.project, branch: context.stamp.branch, phase: .claimed,
                priority: rider.priority, attempts: rider.attempts, build: rider.build, worker: workers[rider.build], answeredBy: rider.build)
            emit(
                EventDraft(
                    .requestClaimed, entity: .request, id: rider.request.rawValue, chain: context.eventChain(request: rider.request),
                    data: .request(fact)), version: rider.requestVersion)
        }
    }

    /// Builds that were assigned before, as their workers are handed them again; those that have ended meanwhile are left out.
    package func assignments(_ builds: [BuildID]) throws -> [Assignment] {
        guard !builds.isEmpty else { return [] }
        let rows = try self.builds(builds, ending: [])
        return try builds.compactMap { rows[$0] }.filter { $0.machine.phase != .finished }.map { build in
            Assignment(
                build: build.id, request: build.request, fence: build.machine.fence, session: build.machine.session, worker: build.worker,
                attempt: build.attempt, context: try context(of: build.buildset), builder: try builder(build.builder, build.configuration),
                sources: try sources(of: context(of: build.buildset), build.configuration))
        }
    }
}

extension StoreTransaction {
    /// Where the worker puts what a buildset is made of, as the configuration of the build's recipe says.
    private func sources(of context: BuildsetContext, _ id: ConfigurationID) throws -> [BuildSource] {
        guard !context.stamp.codebase.isEmpty else { return [] }
        let configuration = try recipes.configuration(id) { try self.configuration(numbered: id)?.configuration }
        return configuration?.sources(of: [context.stamp] + context.further) ?? []
    }
}

extension Assignment {
    fileprivate init(
        build: BuildID, request: RequestID, fence: Fence, session: SessionID, worker: String, attempt: Int, context: BuildsetContext,
        builder: Builder, sources: [BuildSource]
    ) {
        // What a change, a rule or a person set is stronger than the builder's own defaults.
        let defaults = Properties(builder.properties, source: "builder \(builder.name)")
        self.init(
            build: build, request: request, buildset: context.id, fence: fence, session: session, worker: worker, attempt: attempt,
            chain: context.chain, project: context.stamp.project, builder: builder, stamp: context.stamp,
            properties: defaults.overlaid(by: context.properties), sources: sources)
    }
}
