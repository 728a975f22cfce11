import Domain
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Wire
import WorkerAgent

/// `doorbell up`: every service, a worker and the store in one process.
public struct UpApplication: Sendable {
    private let settings: Settings
    private let options: UpOptions

    public init(settings: Settings, options: UpOptions) {
        self.settings = settings
        self.options = options
    }

    /// Runs until it is told to stop, or with `once` until the first buildset ended. Returns the exit status.
    public func run() async throws -> Int32 {
        try settings.checkExposure()
        let signals = SignalWatch()
        // A configuration that is broken at the start is for the person who just typed the command.
        _ = try ConfigurationLoader.load(path: options.configurationPath)
        let store = try await StoreFactory.open(settings, migrating: true)
        do {
            let status = try await run(store, signals: signals)
            try await store.store.close()
            return status
        } catch {
            try? await store.store.close()
            throw error
        }
    }

    private func run(_ store: OpenedStore, signals: SignalWatch) async throws -> Int32 {
        let logger = settings.logger("doorbell")
        let assembly = try await ServiceAssembly(
            roles: Set(Role.allCases), settings: settings, store: store, configurationPath: options.configurationPath,
            onListening: { [options, settings] address in
                guard options.progress else { return }
                Console.output.write("doorbell \(ProductVersion.current) at \(address)/  (\(store.place))\n")
                if settings.access == .off { Console.output.write("no tokens are asked for: whoever reaches \(settings.listen) may steer\n") }
            },
            makeLogger: { [settings] in settings.logger($0) })
        let once = options.once ? OnceWait() : nil
        let progress = ProgressService(
            store: store.store, bell: assembly.context.bell.bell, printer: options.progress ? ProgressPrinter(colours: options.terminal) : nil,
            terminal: options.terminal, once: once)
        let services: [any Service] = [progress] + assembly.services + worker(assembly)
        let runner = ServiceRunner(
            services: services, listen: settings.listen, port: assembly.port, logger: logger,
            onDrain: { [options] in
                if options.progress { Console.error.write("stopping: running builds are given back; again to stop at once\n") }
            },
            onReload: { await assembly.reload(logger: logger) })
        let outcome = Mutex<Outcome?>(nil)
        try await runner.run(signals: signals) { stop in
            guard let once else { return }
            let found = await OnceDriver(assembly: assembly, wait: once, logger: logger).outcome()
            outcome.withLock { $0 = found }
            await stop()
        }
        if let once = outcome.withLock({ $0 }) { return OnceWatch.exitStatus(for: once) }
        // Told to stop before the first buildset ended.
        return options.once ? 75 : 0
    }

    private func worker(_ assembly: ServiceAssembly) -> [any Service] {
        guard options.slots > 0 else { return [] }
        let configuration = WorkerConfiguration(
            urls: [], name: Self.workerName, labels: WorkerConfiguration.defaultLabels.merging(options.labels) { _, new in new },
            acceptsUntrusted: options.acceptsUntrusted, slots: options.slots, dataDirectory: settings.dataDirectory + "/worker",
            token: assembly.context.access.isOn ? assembly.context.access.ownToken(forWorker: Self.workerName) : nil, version: ProductVersion.current,
            environment: ProcessInfo.processInfo.environment)
        return [EmbeddedWorker(port: assembly.port, listen: settings.listen, configuration: configuration, logger: settings.logger("worker"))]
    }

    private static var workerName: String {
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "localhost"
        return host + "-up"
    }
}
