import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Intake
import Logging
import ServiceLifecycle
import Signals
import Storage
import Wire

/// One process of Doorbell, put together for the services that it is to run: a store, a bell, the services, one HTTP listener.
struct ServiceAssembly: Sendable {
    let context: ProcessContext
    /// The poller of an intake.
    let poller: SourcePoller?
    let port = BoundPort()
    /// In the order of their start; they stop in reverse, so that each is served to its end by those before it.
    let services: [any Service]

    /// - Parameters:
    ///   - configurationPath: read and applied at the start; nil keeps to what the store has.
    ///   - onListening: called with the URL once the server listens.
    init(
        roles: Set<Role>, settings: Settings, store: OpenedStore, configurationPath: String?, onListening: @escaping @Sendable (String) -> Void,
        makeLogger: @escaping @Sendable (String) -> Logger
    ) async throws {
        let logger = makeLogger("doorbell")
        let opened = try await BellFactory.open(settings, isShared: store.isShared, logger: makeLogger("bell"))
        let bell = opened.bell
        let local = LoopGroup()
        let keeper = ConfigurationKeeper(
            store: store.store, path: configurationPath, logger: logger, onApplied: { _ in bell.ring(.configuration) },
            onNewer: { _ in local.ring() })
        if case .refused(let problems) = try await keeper.reload() { throw problems }
        let context = ProcessContext(settings: settings, store: store, bell: opened, keeper: keeper, logs: LogBell(), makeLogger: makeLogger)
        self.context = context
        store.onReconnect { bell.announceReconnect() }
        if store.isShared { store.store.onEvents { bell.ring(.relay) } }

        let poller = roles.contains(.intake) ? Self.poller(context) : nil
        self.poller = poller
        let parts = Role.allCases.filter(roles.contains).map { Self.part($0, roles: roles, context, poller: poller) }
        local.set(parts.flatMap(\.loops))

        let configuration = Loop(name: .configuration, bell: bell, logger: logger) {
            try await keeper.refresh()
            return nil
        }
        let loops = parts.flatMap(\.loops) + [configuration]
        let sweep = SweepTimer(loops: loops, bell: bell, logger: logger) { try await Self.loopsWithWork(store.store) }
        let health = HealthRoutes(
            checks: [StoreHealth(store: store.store, without: .unready).check, opened.check, { LoopHealth(loops: loops).check() }]
                + parts.flatMap(\.checks),
            metrics: Self.metrics(store, opened, loops) + parts.flatMap(\.metrics))

        let router = DoorRouter.door(names: Set(settings.hosts))
        health.addRoutes(to: router)
        for part in parts { part.addRoutes(router) }
        router.answerOtherMethods()
        let server = Self.server(router, settings, port: port, logger: makeLogger("http"), onListening: onListening)
        services = opened.services + parts.flatMap(\.services) + loops + [sweep, server]
    }

    /// Reads the configuration file again; a broken one is logged, and the old one stays.
    func reload(logger: Logger) async {
        do {
            _ = try await context.keeper.reload()
        } catch {
            logger.error("the configuration cannot be read again", metadata: ["error": "\(error)"])
        }
    }

    private static func poller(_ context: ProcessContext) -> SourcePoller {
        SourcePoller(
            store: context.store.store, bell: context.bell.bell, dataDirectory: context.settings.dataDirectory,
            configuration: context.configuration, logger: context.makeLogger("intake"))
    }

    private static func part(_ role: Role, roles: Set<Role>, _ context: ProcessContext, poller: SourcePoller?) -> RolePart {
        switch role {
        case .intake: poller.map { .intake(context, poller: $0) } ?? RolePart()
        case .scheduler: .scheduler(context)
        case .dispatcher: .dispatcher(context)
        case .relay: RolePart()
        case .web: .web(context, followsOtherProcesses: context.store.isShared)
        }
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

    private static func server(
        _ router: DoorRouter, _ settings: Settings, port: BoundPort, logger: Logger, onListening: @escaping @Sendable (String) -> Void
    ) -> some Service {
        var quiet = logger
        quiet.logLevel = max(quiet.logLevel, .warning)
        return Application(
            router: router, configuration: .init(address: .hostname(settings.listen.host, port: settings.listen.port), serverName: nil),
            onServerRunning: { channel in
                let number = channel.localAddress?.port ?? settings.listen.port
                onListening(settings.listen.url(port: number))
                port.set(number)
            },
            logger: quiet)
    }

    /// The loops of which one statement says that they have something to do, and those that only look at what this process holds.
    private static func loopsWithWork(_ store: any Store) async throws -> Set<LoopName> {
        let work = try await store.openWork()
        var loops: Set<LoopName> = [.configuration, .events]
        if work.unclassified { loops.insert(.schedulingClassify) }
        if work.quiet { loops.insert(.schedulingTimers) }
        if work.pendingRequests { loops.insert(.dispatchMatch) }
        if work.openBuilds { loops.formUnion([.sweeper, .dispatchCancels]) }
        return loops
    }
}
