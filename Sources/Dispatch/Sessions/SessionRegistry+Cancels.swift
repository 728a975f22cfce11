import Domain
import Storage
import Wire

/// Builds whose end somebody asked for: each worker is told in the next answer it gets, and at once when it is waiting.
extension SessionRegistry {
    /// False when the session is not known here.
    @discardableResult
    func cancel(_ cancel: BuildCancel) -> Bool {
        let (known, ticket): (Bool, ClaimTicket?) = state.withLock { state in
            guard var entry = state.entries[cancel.session] else { return (false, nil) }
            guard entry.cancelled.updateValue(cancel.reason, forKey: cancel.build) == nil else { return (true, nil) }
            entry.untold.insert(cancel.build)
            state.entries[cancel.session] = entry
            return (true, entry.claim?.ticket)
        }
        ticket?.decide(.control)
        return known
    }

    /// What the worker has not been told yet; it counts as told. An answer that is lost does no harm: every answer about the build says it again.
    func takeControls(_ session: SessionID) -> [ControlDocument] {
        state.withLock { state in
            guard let entry = state.entries[session], !entry.untold.isEmpty else { return [] }
            state.entries[session]?.untold = []
            return entry.untold.sorted().map { ControlDocument(build: $0, action: .cancel, reason: entry.cancelled[$0] ?? "") }
        }
    }

    func isCancelled(_ build: BuildID, session: SessionID) -> Bool {
        state.withLock { $0.entries[session]?.cancelled[build] != nil }
    }

    /// The build has ended.
    func forget(_ build: BuildID, session: SessionID) {
        state.withLock { state in
            guard state.entries[session]?.cancelled.removeValue(forKey: build) != nil else { return }
            state.entries[session]?.untold.remove(build)
        }
    }

    /// The build has ended, whoever had it.
    func forget(_ build: BuildID) {
        let sessions = state.withLock { state in state.entries.values.filter { $0.cancelled[build] != nil }.map(\.session.id) }
        for session in sessions { forget(build, session: session) }
    }
}
