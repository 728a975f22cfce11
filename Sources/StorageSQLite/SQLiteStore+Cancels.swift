import Domain
import GRDB
import Storage

extension SQLiteStore {
    public func cancelRequest(_ request: RequestID, reason: String) async throws -> CancelReceipt {
        try await write("cancelling request \(request)") { try $0.cancel(request, reason: reason) }
    }

    public func cancelBuild(_ build: BuildID, reason: String) async throws -> CancelReceipt {
        try await write("cancelling build \(build)") { transaction in
            let row = try transaction.first(
                "SELECT b.request, b.phase, r.phase FROM builds b JOIN requests r ON r.id = b.request WHERE b.id = ?", [build.rawValue])
            guard let row else { throw StoreError.notFound("there is no build \(build)") }
            guard row[1] as String != BuildPhase.finished.rawValue else {
                // The request may be on its way with another build, which nobody asked to end.
                return CancelReceipt(phase: RequestPhase(rawValue: row[2]) ?? .finished, build: nil)
            }
            return try transaction.cancel(RequestID(row[0]), reason: reason)
        }
    }
}

extension SQLiteTransaction {
    /// Asks for the end of a request. Writes `request.cancelled` the first time.
    fileprivate func cancel(_ request: RequestID, reason: String) throws -> CancelReceipt {
        let row = try first(
            "SELECT buildset, builder, phase, priority, attempts, cancel_reason FROM requests WHERE id = ?", [request.rawValue])
        guard let row else { throw StoreError.notFound("there is no request \(request)") }
        guard let phase = RequestPhase(rawValue: row[2]) else { throw StoreError.internalError("request \(request) has no known phase") }
        if phase == .finished { return CancelReceipt(phase: .finished, build: nil) }
        let context = try context(of: BuildsetID(row[0]))
        let claimed = phase == .claimed
        let asked: String? = row[5]
        if asked == nil {
            try run("UPDATE requests SET cancel_reason = ? WHERE id = ?", [reason, request.rawValue])
            let fact = RequestFact(
                buildset: context.id, builder: row[1], project: context.stamp.project, branch: context.stamp.branch,
                phase: claimed ? .claimed : .finished, priority: row[3], attempts: row[4], outcome: claimed ? nil : .cancelled,
                cause: .cancelled, text: reason)
            emit(
                EventDraft(
                    .requestCancelled, entity: .request, id: request.rawValue, chain: context.eventChain(request: request),
                    data: .request(fact)))
        }
        guard claimed else {
            try finishRequest(request, outcome: .cancelled, cause: .cancelled, text: asked ?? reason)
            return CancelReceipt(phase: .finished, build: nil)
        }
        let build = try first(
            """
            UPDATE builds SET cancel_reason = coalesce(cancel_reason, ?) WHERE request = ? AND phase <> 'finished'
            RETURNING id, session, cancel_reason
            """,
            [asked ?? reason, request.rawValue])
        return CancelReceipt(phase: .claimed, build: build.map { BuildCancel(build: BuildID($0[0]), session: SessionID($0[1]), reason: $0[2]) })
    }
}
