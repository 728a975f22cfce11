import Domain

/// How a request ends, and under which build.
package struct RequestEnd: Encodable {
    package var request: RequestID
    package var outcome: Outcome
    package var cause: Cause?
    package var text: String
    package var build: BuildID?
    package var worker: String?
    /// The build is another request's.
    package var isAnswered: Bool
    /// That build.
    package var answer: BuildID? { isAnswered ? build : nil }

    package init(
        request: RequestID, outcome: Outcome, cause: Cause?, text: String, build: BuildID? = nil, worker: String? = nil, isAnswered: Bool = false
    ) {
        self.request = request
        self.outcome = outcome
        self.cause = cause
        self.text = text
        self.build = build
        self.worker = worker
        self.isAnswered = isAnswered
    }
}

/// A request that was just ended or released.
package struct FinishedRequest {
    package var request: RequestID
    package var buildset: BuildsetID
    package var builder: String
    package var priority: Int
    package var attempts: Int

    package init(request: RequestID, buildset: BuildsetID, builder: String, priority: Int, attempts: Int) {
        self.request = request
        self.buildset = buildset
        self.builder = builder
        self.priority = priority
        self.attempts = attempts
    }
}

/// What the ends of requests led to.
package struct FinishedRequests {
    /// Those that ended.
    package var requests: Set<RequestID> = []
    /// The buildsets that ended with them.
    package var buildsets: Set<BuildsetID> = []
    /// Those that waited and are pending now.
    package var released: Set<RequestID> = []

    mutating func add(_ more: FinishedRequests) {
        requests.formUnion(more.requests)
        buildsets.formUnion(more.buildsets)
        released.formUnion(more.released)
    }
}

package struct BuildsetEnd: Encodable {
    package var buildset: BuildsetID
    package var outcome: Outcome
}

extension StoreTransaction {
    /// Ends a request, and its buildset when it was the last open one. False when the request had ended before: then nothing changes.
    @discardableResult
    package func finishRequest(_ request: RequestID, outcome: Outcome, cause: Cause?, text: String) throws -> Bool {
        try !finish([RequestEnd(request: request, outcome: outcome, cause: cause, text: text)]).requests.isEmpty
    }

    /// Ends requests, and the buildsets whose last open ones they were, with a few statements for all. Writes `request.finished` and
    /// `buildset.finished`. Requests that had ended before stay as they are. A request that a build holds must have that build ended first, unless the build goes
    /// on for others. Requests that waited for these ends are released, or skipped, by the same transaction.
    @discardableResult
    package func finish(_ ends: [RequestEnd]) throws -> FinishedRequests {
        guard !ends.isEmpty else { return FinishedRequests() }
        let finished = try finishRequests(ends).reduce(into: [:]) { $0[$1.request] = $1 }
        var events: [PendingEvent] = []
        var closed: [BuildsetID: Int64] = [:]
        for end in ends {
            guard let row = finished[end.request] else { continue }
            let context = try context(of: row.buildset)
            closed[context.id, default: 0] += 1
            let fact = RequestFact(
                buildset: context.id, builder: row.builder, project: context.stamp.project, branch: context.stamp.branch, phase: .finished,
                priority: row.priority, attempts: row.attempts, build: end.build, worker: end.worker,
                answeredBy: end.answer, outcome: end.outcome, cause: end.cause, text: end.text.isEmpty ? nil : end.text)
            events.append(
                PendingEvent(
                    EventDraft(
                        .requestFinished, entity: .request, id: end.request.rawValue, chain: context.eventChain(request: end.request),
                        data: .request(fact))))
        }
        emit(events)
        let done = try closeRequests(closed)
        var all = FinishedRequests(requests: Set(finished.keys), buildsets: done)
        // Their rows are locked since they were counted down: whoever ends another of their requests comes before or after this.
        let waiting = try closed.keys.filter { try !done.contains($0) && context(of: $0).hasNeeds }.sorted()
        if !waiting.isEmpty { all.add(try settleNeeds(of: waiting)) }
        return all
    }

    private func settleNeeds(of buildsets: [BuildsetID]) throws -> FinishedRequests {
        let rows = try needs(of: buildsets)
        var free: [RequestID] = []
        var skipped: [RequestEnd] = []
        for (_, nodes) in Dictionary(grouping: rows, by: \.buildset).sorted(by: { $0.key < $1.key }) {
            for (request, verdict) in NeedsGraph(nodes.map(\.node)).settle() {
                switch verdict {
                case .released: free.append(request)
                case .skipped(let need, let outcome):
                    skipped.append(
                        RequestEnd(
                            request: request, outcome: .skipped, cause: .needsNotMet,
                            text: "it needs \(need.builder), which ended as \(outcome.rawValue)"))
                }
            }
        }
        var all = FinishedRequests()
        if !free.isEmpty {
            let released = try release(free)
            try tellReleased(released)
            all.released = Set(released.map(\.request))
        }
        // All that follows from them is in the list, so nothing is left to settle behind it.
        all.add(try finish(skipped))
        return all
    }

    private func tellReleased(_ released: [FinishedRequest]) throws {
        emit(
            try released.map { row in
                let context = try context(of: row.buildset)
                let fact = RequestFact(
                    buildset: context.id, builder: row.builder, project: context.stamp.project, branch: context.stamp.branch, phase: .pending,
                    priority: row.priority, attempts: row.attempts)
                return PendingEvent(
                    EventDraft(
                        .requestReleased, entity: .request, id: row.request.rawValue, chain: context.eventChain(request: row.request),
                        data: .request(fact)))
            })
    }

    /// Counts down the open requests of buildsets; gives those that ended with it.
    private func closeRequests(_ closed: [BuildsetID: Int64]) throws -> Set<BuildsetID> {
        guard !closed.isEmpty else { return [] }
        let done = try countDown(closed).filter { $0.value == 0 }.keys.sorted()
        try finishBuildsets(done)
        return Set(done)
    }

    /// Ends buildsets with no open request. The outcome is the worst of the requests'; `skipped` when there are none.
    package func finishBuildsets(_ buildsets: [BuildsetID]) throws {
        guard !buildsets.isEmpty else { return }
        var builders: [BuildsetID: [String]] = [:]
        var outcomes: [BuildsetID: Outcome] = [:]
        for row in try requestOutcomes(of: buildsets) {
            builders[row.buildset, default: []].append(row.builder)
            outcomes[row.buildset] = row.outcome.map { (outcomes[row.buildset] ?? .skipped).combined(with: $0) }
        }
        let ended = try writeEnds(buildsets.map { BuildsetEnd(buildset: $0, outcome: outcomes[$0] ?? .skipped) })
        guard ended == buildsets.count else { throw StoreError.internalError("a buildset ended twice") }
        try emit(
            buildsets.map { buildset in
                let context = try context(of: buildset)
                let fact = BuildsetFact(
                    scheduler: context.scheduler, reason: context.reason, project: context.stamp.project, branch: context.stamp.branch,
                    revision: context.stamp.revision, builders: builders[buildset] ?? [], outcome: outcomes[buildset] ?? .skipped)
                return PendingEvent(
                    EventDraft(.buildsetFinished, entity: .buildset, id: buildset.rawValue, chain: context.eventChain(), data: .buildset(fact)))
            })
    }
}
