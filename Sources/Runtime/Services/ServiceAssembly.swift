import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Intake
import Logging
import ServiceLifecycle
import Signals
import SignalsAMQP
import Storage
import Wire

/// One process of Doorbell, put together for the services that it is to run: a store, a bell, the services, one HTTP listener.
struct ServiceAssembly: Sendable {
    let context: ProcessContext
    /// The poller of an intake.
    let poller: SourcePoller?
    let port = BoundPort()
    /// What it answers, before HEAD, OPTIONS and refusals are added to it.
    let routes: [(method: String, path: String)]
    /// In the order of their start; they stop in reverse, so that each is served to its end by those before it.
    let services: [any Service]

    /// - Parameters:
    ///   - spool: where an intake keeps what the database cannot take.
    ///   - configurationPath: read and applied at the start; nil keeps to what the store has.
    ///   - onConfiguration: called with each configuration that this process learns of.
    ///   - onAccess: called whenever what is known of tokens was read or confirmed.
    ///   - onListening: called with the URL once the server listens.
    init(
        roles: Set<Role>, settings: Settings, store: OpenedStore, spool: ChangeSpool? = nil, configurationPath: String?,
        onConfiguration: @escaping @Sendable (AppliedConfiguration) -> Void = { _ in },
        onAccess: @escaping @Sendable (AccessKeeper) -> Void = { _ in },
        onListening: @escaping @Sendable (String) -> Void,
        makeLogger: @escaping @Sendable (String) -> Logger
    ) async throws {
        let logger = makeLogger("doorbell")
        let broker = try BellFactory.broker(settings)
        let opened = try BellFactory.open(broker, isShared: store.isShared, parts: Self.noticeParts(roles), logger: makeLogger("bell"))
        let bell = opened.bell
        let local = LoopGroup()
        let keeper = ConfigurationKeeper(
            store: store.store, path: configurationPath, logger: logger, onApplied: { _ in bell.ring(.configuration) },
            onNewer: { newer in
                onConfiguration(newer)
                local.ring()
            })
        if case .refused(let problems) = try await Self.first(keeper, logger: logger) { throw problems }
        let port = port
        let checks = LateChecks()
        let presence = ServicePresence(
            kind: roles.count == 1 ? roles.map(\.rawValue).joined() : "up", settings: settings, store: store.store, port: port,
            health: { await checks.reasons() })
        let notices = opened.notices
        let logs = LogBell(tellOthers: { notices?.publish($0) })
        let access = AccessKeeper(mode: settings.access, store: store.store)
        let context = ProcessContext(
            settings: settings, store: store, bell: opened, broker: broker, keeper: keeper, presence: presence, access: access, logs: logs,
            makeLogger: makeLogger)
        self.context = context
        store.onReconnect { bell.announceReconnect() }
        if store.isShared {
            // The relay makes a tick of them, and rings for those who read.
            store.store.onEvents { bell.ring(.relay) }
        }

        let poller = roles.contains(.intake) ? Self.poller(context) : nil
        self.poller = poller
        let parts = try Role.allCases.filter(roles.contains).map { try Self.part($0, context, poller: poller, spool: spool) }
        local.set(parts.flatMap(\.loops))
        let configuration = Loop(name: .configuration, bell: bell, logger: logger) {
            try await keeper.refresh()
            return nil
        }
        let judging = Loop(name: .access, bell: bell, logger: logger) {
            let next = try await access.pass()
            onAccess(access)
            for part in parts { part.onAccess() }
            return next
        }
        access.loops.set([judging])
        // Schedulers and relays show nobody anything but how they are.
        let judges = access.isOn && !roles.isDisjoint(with: [.intake, .dispatcher, .web])
        let loops = parts.flatMap(\.loops) + [configuration] + (judges ? [judging] : [])
        let ownChecks = [opened.check, { LoopHealth(loops: loops).check() }] + parts.flatMap(\.checks)
        checks.set(ownChecks)
        let sweep = Self.sweep(context, loops: loops, beat: parts.lazy.compactMap(\.beat).first, onAccess: onAccess, logger: logger)
        let health = HealthRoutes(
            book: HealthBook(
                checks: [StoreHealth(store: store.store, without: spool != nil && roles == [.intake] ? .degraded : .unready).check] + ownChecks),
            metrics: Self.metrics(store, opened, loops) + parts.flatMap(\.metrics))

        let router = DoorRouter.door(
            names: Set(settings.hosts), access: access, limits: settings.limits, home: { keeper.current?.configuration.project })
        health.addRoutes(to: router)
        for part in parts { part.addRoutes(router) }
        if let forgotten = router.routes.first(where: { AccessTable.rule($0.method.rawValue, $0.path.description) == nil }) {
            throw StartFailure("nobody is given the right to call \(forgotten.method.rawValue) \(forgotten.path.description): add it to AccessTable")
        }
        routes = router.routes.map { (method: $0.method.rawValue, path: $0.path.description) }
        router.answerOtherMethods()
        let server = HTTPService.make(router, settings, port: port, logger: makeLogger("http"), onListening: onListening)
        services = opened.services + [presence] + parts.flatMap(\.services) + loops + [sweep, server]
    }

    /// Reads the configuration file again; a broken one is logged, and the old one stays.
    func reload(logger: Logger) async {
        do {
            _ = try await context.keeper.reload()
        } catch {
            logger.error("the configuration cannot be read again", metadata: ["error": "\(error)"])
        }
    }

    /// The store has been opened, so what it is asked first is asked again while it is away, for as long as a restart of a database takes.
    private static func first(_ keeper: ConfigurationKeeper, logger: Logger) async throws -> ConfigurationKeeper.Outcome {
        let end = ContinuousClock.now.advanced(by: .seconds(60))
        while true {
            do {
                return try await keeper.reload()
            } catch StoreError.unavailable(let reason) where ContinuousClock.now < end {
                logger.warning("the database went away during the start; trying on", metadata: ["error": "\(reason)"])
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private static func poller(_ context: ProcessContext) -> SourcePoller {
        SourcePoller(
            store: context.store.store, name: context.presence.incarnation, bell: context.bell.bell, dataDirectory: context.settings.dataDirectory,
            configuration: context.configuration, logger: context.makeLogger("intake"))
    }

    private static func part(_ role: Role, _ context: ProcessContext, poller: SourcePoller?, spool: ChangeSpool?) throws -> RolePart {
        switch role {
        case .intake: poller.map { .intake(context, poller: $0, spool: spool) } ?? RolePart()
        case .scheduler: .scheduler(context)
        case .dispatcher: .dispatcher(context)
        case .relay: try .relay(context)
        case .web: .web(context)
        }
    }

    private static func noticeParts(_ roles: Set<Role>) -> Set<AMQPLogNotices.Part> {
        Set((roles.contains(.dispatcher) ? [.publish] : []) + (roles.contains(.web) ? [.listen] : []))
    }

    private static func metrics(_ store: OpenedStore, _ bell: OpenedBell, _ loops: [Loop]) -> [MetricSource] {
        let started = ContinuousClock.now
        return [
            { text in
                text.add("up_seconds", .gauge, "Time since the start.", (ContinuousClock.now - started).inSeconds)
                text.add("build_info", .gauge, "The version that runs.", [.init(labels: [("version", ProductVersion.current)], value: "1")])
            },
            { LoopHealth(loops: loops).addMetrics(to: &$0) }, store.addMetrics, bell.addMetrics,
            StoreHealth(store: store.store, without: .unready).addMetrics,
        ]
    }

    /// The sweep and the beat of the process are one statement.
    private static func sweep(
        _ context: ProcessContext, loops: [Loop], beat: (@Sendable () async throws -> BeatAnswer?)?,
        onAccess: @escaping @Sendable (AccessKeeper) -> Void, logger: Logger
    ) -> SweepTimer {
        let (store, keeper, presence, access) = (context.store, context.keeper, context.presence, context.access)
        // A dispatcher tells whom it hears each third of a lease; the others only that they live.
        let interval = beat != nil && store.isShared ? context.settings.lease.period / 3 : .seconds(20)
        let longest = beat != nil && store.isShared ? interval : .seconds(60)
        return SweepTimer(loops: loops, bell: context.bell.bell, longest: longest, logger: logger) {
            let moment = ContinuousClock.now
            @Sendable func judged(_ work: OpenWork) -> Set<LoopName> {
                guard access.isOn else { return [] }
                guard access.confirm(work.access, at: moment) else { return [.access] }
                onAccess(access)
                return []
            }
            guard !store.isShared || presence.isDue(every: interval) else {
                let work = try await store.store.openWork()
                return loopsWithWork(work).union(judged(work))
            }
            let answer: BeatAnswer =
                if let heard = try await beat?() { heard } else { try await presence.beat(sessions: nil) }
            var found = loopsWithWork(answer.work)
            if let id = answer.configuration, id != keeper.current?.id { found.insert(.configuration) }
            return found.union(judged(answer.work))
        }
    }

    /// Whom a ring that was lost, or that nobody was there for, would have told of this.
    static func loopsWithWork(_ work: OpenWork) -> Set<LoopName> {
        var loops: Set<LoopName> = [.events, .relay, .outgoing, .intakeSpool]
        if work.unclassified { loops.insert(.schedulingClassify) }
        if work.quiet { loops.insert(.schedulingTimers) }
        if work.awaited { loops.insert(.schedulingCompletions) }
        if work.deadlines { loops.insert(.schedulingDeadlines) }
        if work.pendingRequests { loops.insert(.dispatchMatch) }
        if work.triggered { loops.insert(.dispatchTriggers) }
        if work.openBuilds { loops.formUnion([.sweeper, .dispatchCancels]) }
        return loops
    }
}
