import Domain
import Storage
import Synchronization
import Wire

/// The sessions of the workers that call here. All of it can be lost: what matters is in the store, and workers come again.
final class SessionRegistry: Sendable {
    struct State {
        var entries: [SessionID: SessionEntry] = [:]
        /// Match passes begun so far.
        var passes: UInt64 = 0
        var stopped = false
    }

    /// The most sessions that are kept in mind.
    static let capacity = 10_000

    let state = Mutex(State())

    /// Remembers a session that the store has. An older one of the same worker is over, and whoever waits for it is told so.
    ///
    /// - Parameter unlessNewer: leaves a younger session of the worker in place. For what was read from the store some time ago, not for what it has just opened.
    /// - Returns: true when it was not known here before.
    @discardableResult
    func add(_ session: WorkerSession, now: ContinuousClock.Instant, unlessNewer: Bool = false) -> Bool {
        let (isNew, over) = state.withLock { state in
            guard state.entries[session.id] == nil else {
                // What is known of it may be news, such as another token.
                if !unlessNewer { state.entries[session.id]?.session = session }
                return (false, [ClaimTicket]())
            }
            let older = state.entries.values.filter { $0.session.worker == session.worker }
            if unlessNewer, older.contains(where: { $0.session.id > session.id }) { return (false, [ClaimTicket]()) }
            for entry in older { state.entries[entry.session.id] = nil }
            state.entries[session.id] = SessionEntry(session: session, heard: now)
            return (true, older.compactMap { $0.claim?.ticket })
        }
        for ticket in over { ticket.decide(.ended) }
        return isNew
    }

    func remove(_ session: SessionID) {
        let ticket = state.withLock { $0.entries.removeValue(forKey: session)?.claim?.ticket }
        ticket?.decide(.ended)
    }

    /// The session, if it is known here.
    func session(_ session: SessionID) -> WorkerSession? { state.withLock { $0.entries[session]?.session } }

    /// The session's worker has called.
    func hear(_ session: SessionID, now: ContinuousClock.Instant) {
        state.withLock { $0.entries[session]?.heard = now }
    }

    /// A call of this session begins or ends; while one is being served it is not lost.
    func callBegins(_ session: SessionID) {
        state.withLock { $0.entries[session]?.openCalls += 1 }
    }

    func callEnds(_ session: SessionID, now: ContinuousClock.Instant) {
        state.withLock { state in
            state.entries[session]?.openCalls -= 1
            state.entries[session]?.heard = now
        }
    }

    var isFull: Bool { state.withLock { $0.entries.count >= Self.capacity } }

    var sessions: [WorkerSession] { state.withLock { $0.entries.values.map(\.session) } }

    /// The sessions that were heard since then, or are being served; all of them when it is nil.
    func heard(since: ContinuousClock.Instant?) -> [SessionID] {
        state.withLock { state in
            state.entries.values.filter { entry in entry.openCalls > 0 || since.map { entry.heard >= $0 } ?? true }.map(\.session.id)
        }
    }

    /// Forgets sessions that were not heard since then.
    func forget(silentSince: ContinuousClock.Instant) {
        state.withLock { state in
            for (id, entry) in state.entries where entry.openCalls == 0 && entry.heard < silentSince { state.entries[id] = nil }
        }
    }

    /// The sessions that were not heard of for `period` while they could have been.
    func lost(now: ContinuousClock.Instant, period: Duration, reachableSince: ContinuousClock.Instant) -> [WorkerSession] {
        state.withLock { state in
            state.entries.values.compactMap { entry in
                guard let moment = entry.lostAt(period: period, reachableSince: reachableSince), moment <= now else { return nil }
                return entry.session
            }
        }
    }

    /// Answers every waiting worker, now and from now on: nothing will be matched here any more.
    func stop() {
        let tickets = state.withLock { state in
            state.stopped = true
            return state.entries.values.compactMap { $0.claim?.ticket }
        }
        for ticket in tickets { ticket.decide(.nothing) }
    }

    func status(now: ContinuousClock.Instant) -> [WorkerStatus] {
        state.withLock { state in
            state.entries.values.map { entry in
                WorkerStatus(
                    session: entry.session.id, worker: entry.session.worker, labels: entry.session.labels, slots: entry.session.slots,
                    waitingSlots: entry.claim?.free ?? 0, isServed: entry.openCalls > 0, silence: entry.heard.duration(to: now))
            }
        }.sorted { $0.worker < $1.worker }
    }
}
