import BuildDispatch
import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Intake
import Logging
import NIOCore
import Scheduling
import ServiceLifecycle
import Signals
import Storage
import StorageSQLite
import Synchronization
import Web

/// `doorbell up`: every service, a worker and the store in one process.
public struct UpApplication: Sendable {
    private let settings: Settings
    private let options: UpOptions

    /// How long the services may take to stop in good order.
    private static let longestDrain: Duration = .seconds(30)

    public init(settings: Settings, options: UpOptions) {
        self.settings = settings
        self.options = options
    }

    /// Runs until it is told to stop, or with `once` until the first buildset ended. Returns the exit status.
    public func run() async throws -> Int32 {
        let signals = SignalWatch()
        let logger = self.logger("doorbell")
        // A configuration that is broken at the start is for the person who just typed the command.
        _ = try ConfigurationLoader.load(path: options.configurationPath)
        let store = try await SQLiteStore.open(directory: settings.dataDirectory, lease: settings.lease, countingStatements: true)
        let assembly: UpAssembly
        let once = options.once ? OnceWait() : nil
        do {
            assembly = try await UpAssembly(settings: settings, options: options, store: store, once: once, makeLogger: logger(_:))
        } catch {
            try? await store.close()
            throw error
        }
        let group = ServiceGroup(configuration: groupConfiguration(assembly.services, logger: logger))
        let watching = Task { await watch(signals, group: group, assembly: assembly, logger: logger) }
        let outcome = Mutex<Outcome?>(nil)
        let ending = Task {
            guard let once else { return }
            let found = await OnceDriver(assembly: assembly, wait: once, logger: logger).outcome()
            outcome.withLock { $0 = found }
            await group.triggerGracefulShutdown()
        }
        let result = await Result { try await group.run() }
        ending.cancel()
        watching.cancel()
        try await store.close()
        try translate(result, bound: assembly.port)
        if let once = outcome.withLock({ $0 }) { return OnceWatch.exitStatus(for: once) }
        // Told to stop before the first buildset ended.
        return options.once ? 75 : 0
    }

    private func logger(_ label: String) -> Logger {
        Logger(label: label) { LineLogHandler(label: $0, level: settings.logLevel, format: settings.logFormat) }
    }

    private func groupConfiguration(_ services: [any Service], logger: Logger) -> ServiceGroupConfiguration {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .ignore, failureTerminationBehavior: .gracefullyShutdownGroup) },
            logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.longestDrain
        return configuration
    }

    private func watch(_ signals: SignalWatch, group: ServiceGroup, assembly: UpAssembly, logger: Logger) async {
        for await meaning in signals.meanings {
            switch meaning {
            case .drain:
                if options.progress { Console.error.write("stopping: running builds are given back; again to stop at once\n") }
                await group.triggerGracefulShutdown()
            case .stopNow:
                // Nothing is lost: leases end by themselves, and steps end with their worker.
                _exit(130)
            case .reload:
                await assembly.reload(logger: logger)
            }
        }
    }

    /// A server that could not listen is the operator's to mend; everything else is ours.
    private func translate(_ result: Result<Void, any Error>, bound port: BoundPort) throws {
        guard case .failure(let error) = result else { return }
        guard port.number == nil, let cause = error as? IOError else { throw error }
        throw StartFailure(
            cause.errnoCode == EADDRINUSE
                ? "\(settings.listen) is in use: another Doorbell may run there; name another address with --listen"
                : "cannot listen on \(settings.listen): \(String(cString: strerror(cause.errnoCode)))")
    }
}

extension Result where Failure == any Error {
    /// The result of an asynchronous body.
    init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
