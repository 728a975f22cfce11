import Domain
import GRDB
import Storage

/// A build and what is decided about its request, as a report, an expired lease or the end of a session finds them.
struct OpenBuild {
    var id: BuildID
    var request: RequestID
    var buildset: BuildsetID
    var builder: String
    var worker: String
    var attempt: Int
    var configuration: ConfigurationID
    var machine: BuildMachine
    var finishKey: String?
    /// Why the build shall end, if somebody asked for that.
    var cancelReason: String?
    var attempts: Int
    var attemptsAllowed: Int
    var workersLost: [String]
    var priority: Int

    fileprivate init(_ row: Row) throws {
        guard let phase = BuildPhase(rawValue: row[7]) else { throw StoreError.internalError("build \(row[0] as Int64) has an unknown phase") }
        id = BuildID(row[0])
        request = RequestID(row[1])
        buildset = BuildsetID(row[2])
        builder = row[3]
        worker = row[4]
        attempt = row[5]
        configuration = ConfigurationID(row[6])
        machine = BuildMachine(
            phase: phase, session: SessionID(row[8]), fence: Fence(row[9]), outcome: (row[10] as String?).flatMap(Outcome.init),
            cause: (row[11] as String?).flatMap(Cause.init))
        finishKey = row[12]
        cancelReason = row[13]
        attempts = row[14]
        attemptsAllowed = row[15]
        let lost: String = row[16]
        workersLost = lost == "[]" ? [] : try JSONText.decode([String].self, lost)
        priority = row[17]
    }

    func fact(_ context: BuildsetContext, text: String? = nil) -> BuildFact {
        BuildFact(
            request: request, buildset: buildset, builder: builder, worker: worker, attempt: attempt, project: context.stamp.project,
            branch: context.stamp.branch, revision: context.stamp.revision, phase: machine.phase, outcome: machine.outcome, cause: machine.cause,
            text: text.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// An event about this build, or about a step or log of it.
    func event(_ kind: EventKind, _ context: BuildsetContext, _ data: EventDraft.Data, outcome: Outcome? = nil) -> PendingEvent {
        PendingEvent(
            EventDraft(kind, entity: .build, id: id.rawValue, chain: context.eventChain(request: request), data: data),
            routing: EventRouting(
                project: context.stamp.project, branch: context.stamp.branch, builder: builder, worker: worker, outcome: outcome))
    }
}

extension SQLiteTransaction {
    /// These builds, those that exist, in one statement.
    func builds(_ ids: some Sequence<BuildID>) throws -> [BuildID: OpenBuild] {
        let rows = try all(
            """
            SELECT b.id, b.request, b.buildset, b.builder, b.worker, b.attempt, b.configuration, b.phase, b.session, b.fence, b.outcome, b.cause,
                b.finish_key, coalesce(b.cancel_reason, r.cancel_reason), r.attempts, r.attempts_allowed, r.workers_lost, r.priority
            FROM json_each(?) j CROSS JOIN builds b ON b.id = j.value JOIN requests r ON r.id = b.request
            """,
            [JSONText.list(ids)])
        return try rows.reduce(into: [:]) { $0[BuildID($1[0])] = try OpenBuild($1) }
    }
}
