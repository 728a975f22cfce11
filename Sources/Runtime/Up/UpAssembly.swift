import BuildDispatch
import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Intake
import Logging
import Scheduling
import ServiceLifecycle
import Signals
import Storage
import StorageSQLite
import Web
import Wire
import WorkerAgent

/// Everything that `doorbell up` runs, put together: one bell, one store, every service, a worker.
struct UpAssembly: Sendable {
    let store: SQLiteStore
    let keeper: ConfigurationKeeper
    let poller: SourcePoller
    let bell: LocalBell
    let port = BoundPort()
    /// In the order of their start; they stop in reverse, so that each is served to its end by those before it.
    let services: [any Service]

    init(settings: Settings, options: UpOptions, store: SQLiteStore, once: OnceWait?, makeLogger: (String) -> Logger) async throws {
        self.store = store
        let bell = LocalBell()
        self.bell = bell
        let logs = LogBell()
        let logger = makeLogger("doorbell")
        let keeper = ConfigurationKeeper(store: store, path: options.configurationPath, logger: logger) { _ in
            for loop in [LoopName.intakePoll, .schedulingClassify, .schedulingTimers, .dispatchMatch] { bell.ring(loop) }
        }
        self.keeper = keeper
        if case .refused(let problems) = try await keeper.reload() { throw problems }

        let intake = ChangeIntake(store: store, bell: bell)
        let poller = SourcePoller(
            store: store, bell: bell, dataDirectory: settings.dataDirectory, configuration: { keeper.current }, logger: makeLogger("intake"))
        self.poller = poller
        let scheduling = SchedulingService(store: store, bell: bell, configuration: { keeper.current }, logger: makeLogger("scheduling"))
        let dispatch = DispatchService(
            store: store, bell: bell, logs: logs, lease: settings.lease, storeClock: SystemStoreClock(), logger: makeLogger("dispatch"))
        let web = WebService(
            store: store, bell: bell, logs: logs,
            surroundings: .init(
                configuration: { keeper.current },
                reload: { try await Self.reload(keeper) },
                cancelRequested: { dispatch.cancelRequested($0) }))
        let loops = scheduling.loops + dispatch.loops

        let router = DoorRouter.door(names: Set(settings.hosts))
        HealthRoutes(store: store, loops: loops, started: .now).addRoutes(to: router)
        intake.addRoutes(to: router)
        dispatch.addRoutes(to: router)
        web.addRoutes(to: router)
        let port = port
        var quiet = makeLogger("http")
        quiet.logLevel = max(quiet.logLevel, .warning)
        let server = Application(
            router: router,
            configuration: .init(address: .hostname(settings.listen.host, port: settings.listen.port), serverName: nil),
            onServerRunning: { channel in
                let number = channel.localAddress?.port ?? settings.listen.port
                if options.progress {
                    let address = settings.listen.url(port: number)
                    Console.output.write("doorbell \(ProductVersion.current) at \(address)/  (data in \(settings.dataDirectory))\n")
                }
                port.set(number)
            },
            logger: quiet)

        let sweep = SweepTimer(loops: loops, bell: bell, logger: logger) { try await Self.loopsWithWork(store) }
        let progress = ProgressService(
            store: store, printer: options.progress ? ProgressPrinter(colours: options.terminal) : nil, terminal: options.terminal, once: once)
        var services: [any Service] = [progress, web.feed] + scheduling.loops + dispatch.services + poller.services + [sweep, server]
        if options.slots > 0 {
            let worker = WorkerConfiguration(
                urls: [], name: Self.workerName, labels: WorkerConfiguration.defaultLabels.merging(options.labels) { _, new in new },
                slots: options.slots, dataDirectory: settings.dataDirectory + "/worker", version: ProductVersion.current,
                environment: ProcessInfo.processInfo.environment)
            services.append(EmbeddedWorker(port: port, listen: settings.listen, configuration: worker, logger: makeLogger("worker")))
        }
        self.services = services
    }

    /// Reads the configuration file again; a broken one is logged, and the old one stays.
    func reload(logger: Logger) async {
        do {
            _ = try await keeper.reload()
        } catch {
            logger.error("the configuration cannot be read again", metadata: ["error": "\(error)"])
        }
    }

    private static func reload(_ keeper: ConfigurationKeeper) async throws -> (changed: Bool, id: ConfigurationID?) {
        switch try await keeper.reload() {
        case .applied(let applied): return (true, applied.id)
        case .unchanged(let applied): return (false, applied?.id)
        case .refused(let problems):
            throw Problem(
                status: 422, code: "invalid_configuration", title: "The configuration is refused, and the one in force stays",
                errors: problems.problems.prefix(50).map { .init(pointer: "", detail: $0.description) })
        }
    }

    private static func loopsWithWork(_ store: SQLiteStore) async throws -> Set<LoopName> {
        let work = try await store.openWork()
        var loops = Set<LoopName>()
        if work.unclassified { loops.insert(.schedulingClassify) }
        if work.quiet { loops.insert(.schedulingTimers) }
        if work.pendingRequests { loops.insert(.dispatchMatch) }
        if work.openBuilds { loops.insert(.sweeper) }
        return loops
    }

    private static var workerName: String {
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "localhost"
        return host + "-up"
    }
}
