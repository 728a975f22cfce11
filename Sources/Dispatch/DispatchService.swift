import Domain
import HTTPDoor
import Logging
import ServiceLifecycle
import Signals
import Storage

/// The dispatcher: gives builds to the workers that poll here, takes their reports and logs, and ends what is not heard of.
///
/// It holds nothing that cannot be lost: sessions, builds and leases are in the store, and a worker that calls another dispatcher is known there.
public final class DispatchService: Sendable {
    /// Calls of workers whose reports wait for their batch.
    private static let mostWaitingReports = 4096
    private static let reportBatch = 256

    let store: any SessionStore & DispatchStore & LogStore & TriggerStore & SecretStore & TryStore
    let bell: any Doorbell
    let logs: LogBell
    let lease: LeaseRule
    let clock: any LoopClock
    let logger: Logger
    let registry = SessionRegistry()
    let triggerWaits = TriggerWaits()
    let secretReader: SecretReader
    let access: AccessKeeper
    let watch: LeaseWatch
    let aftermath: Aftermath
    let reports: Combiner<[BuildReport], [ReportAnswer]>
    /// The loops, for the sweep timer of the process.
    public let loops: [Loop]
    /// Ticks while the routes are served, where one dispatcher has to notice by itself that its clock or its workers stood still.
    public let services: [any Service]
    let match: LoopGroup
    let cancels: LoopGroup
    private let hearing: Hearing?
    /// Each end of a buildset may be what a worker waits for here.
    private let ends: BellSubscription

    /// - Parameters:
    ///   - logs: rung when a log has grown or ended, for those who follow it.
    ///   - storeClock: the clock that the store's leases end by.
    ///   - clock: the monotonic clock of waits and sessions.
    ///   - beat: tells the store which sessions are heard here, where several dispatchers share it; nil for the only one.
    ///   - secretsDirectory: beneath which files with secrets are; nil for anywhere.
    ///   - access: knows whether the token that a session was opened with is still good.
    public init(
        store: any SessionStore & DispatchStore & LogStore & TriggerStore & SecretStore & TryStore, bell: any Doorbell, logs: LogBell,
        lease: LeaseRule = LeaseRule(),
        storeClock: any StoreClock, clock: any LoopClock = ContinuousClock(),
        beat: (@Sendable ([SessionID]) async throws -> BeatAnswer)? = nil, secretsDirectory: String? = nil, access: AccessKeeper = .off,
        logger: Logger
    ) {
        secretReader = SecretReader(directory: secretsDirectory)
        self.access = access
        self.store = store
        self.bell = bell
        self.logs = logs
        self.lease = lease
        self.clock = clock
        self.logger = logger
        let registry = registry
        let triggerWaits = triggerWaits
        let (match, sweeper, cancels) = (LoopGroup(), LoopGroup(), LoopGroup())
        let watch = LeaseWatch(clock: storeClock, monotonic: clock, period: lease.period)
        let aftermath = Aftermath(registry: registry, bell: bell, logs: logs, logger: logger)
        let hearing = beat.map { Hearing(registry: registry, clock: clock, period: lease.period, send: $0) }
        self.watch = watch
        self.aftermath = aftermath
        self.hearing = hearing
        self.match = match
        self.cancels = cancels
        reports = Combiner(what: "worker reports", maximumBatch: Self.reportBatch, maximumWaiting: Self.mostWaitingReports) { batch in
            try await Self.apply(batch, store: store, watch: watch, aftermath: aftermath)
        }
        let matchPass = MatchPass(store: store, registry: registry, watch: watch, aftermath: aftermath, sweeper: sweeper, logger: logger)
        let sweepPass = SweepPass(
            store: store, registry: registry, watch: watch, aftermath: aftermath, lease: lease, hearing: hearing, logger: logger)
        let cancelPass = CancelPass(store: store, registry: registry, watch: watch)
        let matchLoop = Loop(name: .dispatchMatch, bell: bell, clock: clock, logger: logger, onStop: { registry.stop() }) {
            try await matchPass.run()
        }
        let sweepLoop = Loop(name: .sweeper, bell: bell, clock: clock, logger: logger) { try await sweepPass.run() }
        let cancelLoop = Loop(name: .dispatchCancels, bell: bell, clock: clock, logger: logger) { try await cancelPass.run() }
        let triggerPass = TriggerPass(store: store, waits: triggerWaits, bell: bell, watch: watch, logger: logger)
        let triggerLoop = Loop(name: .dispatchTriggers, bell: bell, clock: clock, logger: logger, onStop: { triggerWaits.stop() }) {
            try await triggerPass.run()
        }
        ends = bell.listen(to: .schedulingCompletions) { if !triggerWaits.builds.isEmpty { triggerLoop.ring() } }
        match.set([matchLoop])
        sweeper.set([sweepLoop])
        cancels.set([cancelLoop])
        loops = [matchLoop, sweepLoop, cancelLoop, triggerLoop]
        services =
            hearing == nil
            ? [Heartbeat(registry: registry, watch: watch, period: lease.period, sweeper: sweeper, clock: clock, logger: logger)] : []
    }

    /// Tells the store whom this dispatcher hears, and learns what a sweep asks; nil for the only dispatcher of a store. Due each third of a lease.
    public func beat() async throws -> BeatAnswer? {
        try await hearing?.beat()
    }

    /// Ends the waits of workers whose sessions stand on a token that has ended: what they hold goes elsewhere when its lease does.
    public func endUnfounded() {
        guard access.isOn else { return }
        for session in registry.sessions where !(session.token.map(access.isGood) ?? false) { registry.remove(session.id) }
    }

    /// For metrics.
    public var figures: DispatchFigures {
        let sessions = registry.status(now: clock.now)
        let combined = reports.statistics
        return DispatchFigures(
            sessions: sessions.count, waitingSlots: sessions.reduce(0) { $0 + $1.waitingSlots }, claimed: aftermath.counters.claimed,
            lost: aftermath.counters.lost, reports: combined.processed, reportBatches: combined.batches)
    }

    /// The workers that this dispatcher knows, by name.
    public func workerStatus() -> [WorkerStatus] {
        registry.status(now: clock.now)
    }

    /// All reports that wait become one transaction.
    private static func apply(
        _ batch: [[BuildReport]], store: any DispatchStore, watch: LeaseWatch, aftermath: Aftermath
    ) async throws -> [Result<[ReportAnswer], any Error>] {
        let reports = batch.flatMap { $0 }
        let answers = try await watch.watching { try await store.apply(reports) }
        guard answers.count == reports.count else {
            throw StoreError.internalError("\(reports.count) reports were given and \(answers.count) answered")
        }
        aftermath.reports(zip(reports, answers))
        var rest = answers[...]
        return batch.map { reports in
            defer { rest = rest.dropFirst(reports.count) }
            return .success(Array(rest.prefix(reports.count)))
        }
    }
}
