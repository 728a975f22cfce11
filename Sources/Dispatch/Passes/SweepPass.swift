import Domain
import Logging
import Signals
import Storage
import Synchronization

/// One pass of `sweeper`: ends leases that are over and sessions that were not heard of. Asks the store nothing while no build is leased.
final class SweepPass: Sendable {
    /// How many leases are ended in one transaction.
    private static let batch = 200

    private let store: any SessionStore & DispatchStore
    private let registry: SessionRegistry
    private let watch: LeaseWatch
    private let aftermath: Aftermath
    private let stranded: StrandedPass
    private let lease: LeaseRule
    private let logger: Logger
    private let hasMetSessions = Atomic(false)
    /// Nil when this is the only dispatcher of its store, and knows everything from its own memory.
    private let hearing: Hearing?

    init(
        store: any SessionStore & DispatchStore, registry: SessionRegistry, watch: LeaseWatch, aftermath: Aftermath, lease: LeaseRule,
        hearing: Hearing?, logger: Logger
    ) {
        self.hearing = hearing
        self.store = store
        self.registry = registry
        self.watch = watch
        self.aftermath = aftermath
        stranded = StrandedPass(store: store, aftermath: aftermath, logger: logger)
        self.lease = lease
        self.logger = logger
    }

    func run() async throws -> NextWake? {
        if let hearing { return try await sweep(after: hearing) }
        if !hasMetSessions.load(ordering: .relaxed) { try await meetSessions() }
        if let later = watch.expiryBegins { return .at(later) }
        try await endLostSessions()
        guard watch.isArmed else { return nil }
        let (isFull, due) = try await endLeases()
        if isFull { return .immediately }
        return due.map { .at($0) }
    }

    /// One of many dispatchers. It beats first: after an outage that begins a new period in which nothing is ended.
    private func sweep(after hearing: Hearing) async throws -> NextWake? {
        guard let since = try await hearing.beat().reachableSince else { return nil }
        for session in try await store.silentSessions(reachableSince: since) ?? [] { try await end(session) }
        let expiry = try await store.expireLeases(reachableSince: since, limit: Self.batch)
        aftermath.lost(expiry.lost)
        let isMoreStranded = expiry.isStranded ? await stranded.run() : false
        if expiry.lost.count >= Self.batch || isMoreStranded { return .immediately }
        // The clocks of this machine and the database's need not agree: a wrong one costs a look.
        let wait = expiry.nextDue.map { min(max(.seconds(1), $0.since(watch.now.wall)), lease.period) } ?? lease.period * 2
        return .at(watch.now.monotonic.advanced(by: wait))
    }

    /// What an earlier process left: the workers have a lease period to come back.
    private func meetSessions() async throws {
        let sessions = try await watch.watching { [store] in try await store.openSessions() }
        for session in sessions { registry.add(session, now: watch.now.monotonic, unlessNewer: true) }
        if !sessions.isEmpty { try await takeCancels(of: sessions) }
        hasMetSessions.store(true, ordering: .relaxed)
    }

    private func endLeases() async throws -> (isFull: Bool, due: ContinuousClock.Instant?) {
        // Armed again by whoever leases a build while the store is asked.
        watch.disarm()
        do {
            let since = watch.since.wall
            let expiry = try await watch.watching { [store] in try await store.expireLeases(reachableSince: since, limit: Self.batch) }
            aftermath.lost(expiry.lost)
            guard let next = expiry.nextDue else { return (expiry.lost.count >= Self.batch, nil) }
            _ = watch.arm()
            let now = watch.now
            // Renewals move the moment on: looking more than once a second would find nothing.
            let due = now.monotonic.advanced(by: max(.seconds(1), next.since(now.wall)))
            return (expiry.lost.count >= Self.batch, due)
        } catch {
            _ = watch.arm()
            throw error
        }
    }

    private func endLostSessions() async throws {
        let lost = registry.lost(now: watch.now.monotonic, period: lease.period, reachableSince: watch.since.monotonic)
        for session in lost { try await end(session) }
    }

    private func end(_ session: WorkerSession) async throws {
        logger.warning("a worker is lost", metadata: [LogKey.worker: "\(session.worker)", LogKey.session: "\(session.id)"])
        let builds = try await watch.watching { [store, lease] in
            try await store.endSession(session.id, lost: true, reason: "not heard of for \(lease.period)")
        }
        registry.remove(session.id)
        aftermath.ended(builds)
    }

    private func takeCancels(of sessions: [WorkerSession]) async throws {
        let cancels = try await watch.watching { [store] in try await store.pendingCancels(sessions.map(\.id)) }
        for cancel in cancels { registry.cancel(cancel) }
    }
}
