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
    /// Decides what becomes of the requests whose builds ended, and writes it. Gives the builds whose request is tried again, and what
    /// the ends of the others led to.
    func settleRequests(_ endings: [BuildEnding]) throws -> (retried: Set<BuildID>, finished: FinishedRequests) {
        let settled = endings.map(Settled.init)
        // Requests that lost their build to trouble of ours; whoever cancelled one of them before it is tried again has to find it pending.
        let trials = settled.filter(\.changesRequest).map { one in
            RequestTrial(
                id: one.ending.build.request, retry: one.decision == .retry, attempts: one.attempts, lost: one.workersLost,
                fence: one.ending.build.machine.fence)
        }
        if !trials.isEmpty { try writeTrials(trials) }
        var events: [PendingEvent] = []
        var retried = Set<BuildID>()
        var ends: [RequestEnd] = []
        for one in settled {
            let build = one.ending.build
            switch one.decision {
            case .retry:
                let context = try context(of: build.buildset)
                let fact = RequestFact(
                    buildset: build.buildset, builder: build.builder, project: context.stamp.project, branch: context.stamp.branch,
                    phase: .pending, priority: build.priority, attempts: one.attempts, build: build.id, worker: build.worker,
                    cause: build.machine.cause, text: one.text.isEmpty ? nil : one.text)
                events.append(
                    PendingEvent(
                        EventDraft(
                            .requestUnclaimed, entity: .request, id: build.request.rawValue, chain: context.eventChain(request: build.request),
                            data: .request(fact))))
                retried.insert(build.id)
            case .finish(let outcome, let cause):
                ends.append(
                    RequestEnd(
                        request: build.request, outcome: outcome, cause: cause, text: one.text, build: build.id, worker: build.worker))
            }
        }
        emit(events)
        return (retried, try finish(ends))
    }
}

/// One ended build and what that means for its request.
private struct Settled {
    var ending: BuildEnding
    var attempts: Int
    var workersLost: [String]
    var decision: RequestMachine.Decision

    init(_ ending: BuildEnding) {
        let build = ending.build
        let cause = build.machine.cause
        var lost = build.workersLost
        if cause == .lost, !lost.contains(build.worker) { lost.append(build.worker) }
        // A build counts from its claim on; one that is given back in good order does not count after all.
        let attempts = RequestMachine.countsAsAttempt(cause) ? build.attempts : max(0, build.attempts - 1)
        self.ending = ending
        self.attempts = attempts
        workersLost = lost
        decision = RequestMachine(
            attempts: attempts, attemptsAllowed: build.attemptsAllowed, workersLost: Set(lost), cancelled: build.cancelReason != nil
        ).decide(outcome: build.machine.outcome ?? .exception, cause: cause)
    }

    var changesRequest: Bool { RequestMachine.isRetryable(ending.build.machine.cause) }

    var text: String {
        let build = ending.build
        switch decision {
        case .finish(_, .workersLost):
            return "\(workersLost.count) workers were lost while they had it (\(workersLost.joined(separator: ", "))): it is not tried again"
        case .finish(.exception, let cause) where RequestMachine.isRetryable(cause):
            return "\(attempts) of \(build.attemptsAllowed) attempts ended without a result; the last: \(ending.text)"
        case .finish(.cancelled, .cancelled): return build.cancelReason ?? ending.text
        case .finish, .retry: return ending.text
        }
    }
}
