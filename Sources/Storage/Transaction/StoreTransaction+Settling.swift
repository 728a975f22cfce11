import Domain

/// What a build that ended by trouble of ours leaves of its request.
package struct RequestTrial: Encodable {
    package var id: RequestID
    package var retry: Bool
    package var attempts: Int
    package var lost: [String]
    package var fence: Fence
}

extension StoreTransaction {
    /// Decides what becomes of the requests that builds answered which ended, and writes it. Gives the builds of which a request is tried again, what
    /// the ends of the others led to, and the buildsets of each build's requests.
    func settleRequests(
        _ endings: [BuildEnding]
    ) throws -> (retried: Set<BuildID>, finished: FinishedRequests, buildsets: [BuildID: Set<BuildsetID>]) {
        let settled = endings.filter { !$0.build.isOrphan }.map { Settled($0) } + (try settledRiders(endings))
        let (retried, finished) = try settle(settled)
        return (retried, finished, settled.reduce(into: [:]) { $0[$1.ending.build.id, default: []].insert($1.buildset) })
    }

    fileprivate func settledRiders(_ endings: [BuildEnding]) throws -> [Settled] {
        let shared = endings.filter(\.build.isShared).reduce(into: [:]) { $0[$1.build.id] = $1 }
        guard !shared.isEmpty else { return [] }
        return try riders(of: shared.keys.sorted()).compactMap { rider in shared[rider.build].map { Settled($0, rider) } }
    }

    @discardableResult
    fileprivate func settle(_ settled: [Settled]) throws -> (retried: Set<BuildID>, finished: FinishedRequests) {
        // Requests that lost their build to trouble of ours; whoever cancelled one of them before it is tried again has to find it pending.
        let trials = settled.filter(\.changesRequest).map { one in
            RequestTrial(id: one.request, retry: one.decision == .retry, attempts: one.attempts, lost: one.workersLost, fence: one.fence)
        }
        if !trials.isEmpty { try writeTrials(trials) }
        var events: [PendingEvent] = []
        var retried = Set<BuildID>()
        var ends: [RequestEnd] = []
        for one in settled {
            let build = one.ending.build
            switch one.decision {
            case .retry:
                let context = try context(of: one.buildset)
                let fact = RequestFact(
                    buildset: one.buildset, builder: build.builder, project: context.stamp.project, branch: context.stamp.branch,
                    phase: .pending, priority: one.priority, attempts: one.attempts, build: build.id, worker: build.worker,
                    answeredBy: one.isRider ? build.id : nil, cause: build.machine.cause, text: one.text.isEmpty ? nil : one.text)
                events.append(
                    PendingEvent(
                        EventDraft(
                            .requestUnclaimed, entity: .request, id: one.request.rawValue, chain: context.eventChain(request: one.request),
                            data: .request(fact))))
                retried.insert(build.id)
            case .finish(let outcome, let cause):
                ends.append(
                    RequestEnd(
                        request: one.request, outcome: outcome, cause: cause, text: one.text, build: build.id, worker: build.worker,
                        isAnswered: one.isRider))
            }
        }
        emit(events)
        return (retried, try finish(ends))
    }
}

extension ControlTransaction {
    /// What a process of the version before left, which knows nothing of requests that another one's build answers: those whose build has ended, and those
    /// whose end it asked for. A build that goes on, and answers nobody after that, is to end.
    package func settleStranded(of ids: [BuildID]) throws -> SettledRequests {
        guard !ids.isEmpty else { return SettledRequests() }
        let builds = try builds(ids, ending: ids)
        let endings = ids.compactMap { builds[$0] }.map { BuildEnding(build: $0, text: "") }
        let settled = try settledRiders(endings).filter { $0.ending.build.machine.phase == .finished || $0.isCancelled }
        try settle(settled)
        let reasons = settled.filter { $0.ending.build.isOrphan && $0.ending.build.machine.phase != .finished }
            .reduce(into: [:]) { $0[$1.ending.build.id] = $1.text }
        guard !reasons.isEmpty else { return SettledRequests(count: settled.count) }
        let wanted = Set(try riders(of: reasons.keys.sorted()).map(\.build))
        let cancels = try reasons.filter { !wanted.contains($0.key) }.sorted { $0.key < $1.key }.compactMap {
            try cancelOpenBuild($0.key, reason: $0.value)
        }
        return SettledRequests(count: settled.count, cancels: cancels)
    }
}

/// One request whose build ended, and what that means for it.
private struct Settled {
    var ending: BuildEnding
    var request: RequestID
    var buildset: BuildsetID
    var priority: Int
    var attempts: Int
    var attemptsAllowed: Int
    var workersLost: [String]
    var decision: RequestMachine.Decision
    /// The build was another request's.
    var isRider: Bool
    private var cancelReason: String?

    /// The build's own request.
    init(_ ending: BuildEnding) {
        let build = ending.build
        self.init(
            ending, request: build.request, buildset: build.buildset, priority: build.priority, attempts: build.attempts,
            attemptsAllowed: build.attemptsAllowed, lost: build.workersLost, cancelReason: build.cancelReason, isRider: false)
    }

    /// Another one that it answers.
    init(_ ending: BuildEnding, _ rider: Rider) {
        self.init(
            ending, request: rider.request, buildset: rider.buildset, priority: rider.priority, attempts: rider.attempts,
            attemptsAllowed: rider.attemptsAllowed, lost: rider.workersLost, cancelReason: rider.cancelReason, isRider: true)
        let build = ending.build
        if isCancelled, build.machine.phase != .finished || decision == .retry {
            decision = .finish(.cancelled, .cancelled)
        } else if !isCancelled, build.machine.outcome == .cancelled, build.isOrphan || build.cancelReason != nil {
            // The build's own request was cancelled by a process that did not know of this one, whose end nobody asked for.
            decision = .retry
            attempts = max(0, rider.attempts - 1)
        }
    }

    private init(
        _ ending: BuildEnding, request: RequestID, buildset: BuildsetID, priority: Int, attempts counted: Int, attemptsAllowed: Int, lost: [String],
        cancelReason: String?, isRider: Bool
    ) {
        let build = ending.build
        let cause = build.machine.cause
        var lost = lost
        if cause == .lost, !lost.contains(build.worker) { lost.append(build.worker) }
        // A build counts from its claim on; one that is given back in good order does not count after all.
        let attempts = RequestMachine.countsAsAttempt(cause) ? counted : max(0, counted - 1)
        self.ending = ending
        self.request = request
        self.buildset = buildset
        self.priority = priority
        self.attempts = attempts
        self.attemptsAllowed = attemptsAllowed
        self.cancelReason = cancelReason
        self.isRider = isRider
        workersLost = lost
        decision = RequestMachine(
            attempts: attempts, attemptsAllowed: attemptsAllowed, workersLost: Set(lost), cancelled: cancelReason != nil
        ).decide(outcome: build.machine.outcome ?? .exception, cause: cause)
    }

    var isCancelled: Bool { cancelReason != nil }
    var changesRequest: Bool { decision == .retry || RequestMachine.isRetryable(ending.build.machine.cause) }
    /// A build of its own that comes later gets a higher one than this.
    var fence: Fence { isRider ? Fence(0) : ending.build.machine.fence }

    var text: String {
        switch decision {
        case .finish(_, .workersLost):
            return "\(workersLost.count) workers were lost while they had it (\(workersLost.joined(separator: ", "))): it is not tried again"
        case .finish(.exception, let cause) where RequestMachine.isRetryable(cause):
            return "\(attempts) of \(attemptsAllowed) attempts ended without a result; the last: \(ending.text)"
        case .finish(.cancelled, .cancelled): return cancelReason ?? ending.text
        case .finish, .retry: return ending.text
        }
    }
}
