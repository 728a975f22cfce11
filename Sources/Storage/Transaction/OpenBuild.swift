import Domain

/// A build and what is decided about its request, as a report, an expired lease or the end of a session finds them.
package struct OpenBuild {
    package var id: BuildID
    package var request: RequestID
    package var buildset: BuildsetID
    package var builder: String
    package var worker: String
    package var attempt: Int
    package var configuration: ConfigurationID
    package var machine: BuildMachine
    package var finishKey: String?
    /// Why the build shall end, if somebody asked for that.
    package var cancelReason: String?
    package var attempts: Int
    package var attemptsAllowed: Int
    package var workersLost: [String]
    package var priority: Int
    /// It answers other requests beside its own.
    package var isShared: Bool
    /// Its own request has ended, and it goes on for those.
    package var isOrphan: Bool

    package init(
        id: BuildID, request: RequestID, buildset: BuildsetID, builder: String, worker: String, attempt: Int, configuration: ConfigurationID,
        machine: BuildMachine, finishKey: String?, cancelReason: String?, attempts: Int, attemptsAllowed: Int, workersLost: String, priority: Int,
        isShared: Bool, isOrphan: Bool
    ) throws {
        self.id = id
        self.request = request
        self.buildset = buildset
        self.builder = builder
        self.worker = worker
        self.attempt = attempt
        self.configuration = configuration
        self.machine = machine
        self.finishKey = finishKey
        self.cancelReason = cancelReason
        self.attempts = attempts
        self.attemptsAllowed = attemptsAllowed
        self.workersLost = workersLost == "[]" ? [] : try JSONText.decode([String].self, workersLost)
        self.priority = priority
        self.isShared = isShared
        self.isOrphan = isOrphan
    }

    package func fact(_ context: BuildsetContext, text: String? = nil) -> BuildFact {
        BuildFact(
            request: request, buildset: buildset, builder: builder, worker: worker, attempt: attempt, project: context.stamp.project,
            branch: context.stamp.branch, revision: context.stamp.revision, phase: machine.phase, outcome: machine.outcome, cause: machine.cause,
            text: text.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// An event about this build, or about a step or log of it.
    package func event(_ kind: EventKind, _ context: BuildsetContext, _ data: EventDraft.Data, outcome: Outcome? = nil) -> PendingEvent {
        PendingEvent(
            EventDraft(kind, entity: .build, id: id.rawValue, chain: context.eventChain(request: request), data: data),
            routing: EventRouting(
                project: context.stamp.project, branch: context.stamp.branch, builder: builder, worker: worker, outcome: outcome))
    }
}

extension LostBuild {
    package init(_ build: OpenBuild, _ ended: [BuildID: EndedBuild]) {
        self.init(build: build.id, request: build.request, worker: build.worker, retried: ended[build.id]?.retried ?? false)
    }
}
