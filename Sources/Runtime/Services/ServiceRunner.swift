import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import SignalsAMQP

/// Runs the services of a process until a signal, or a service that fails, ends them: drained within a bound, or at once at a second signal.
struct ServiceRunner: Sendable {
    var services: [any Service]
    var listen: ListenAddress
    var port: BoundPort
    var logger: Logger
    var onDrain: @Sendable () -> Void = {}
    var onReload: @Sendable () async -> Void = {}

    /// How long the services may take to stop in good order.
    private static let longestDrain: Duration = .seconds(30)

    /// - Parameter beside: runs beside the services and may end them by calling what it is given.
    func run(signals: SignalWatch, beside: @escaping @Sendable (_ stop: @escaping @Sendable () async -> Void) async -> Void = { _ in }) async throws {
        let group = ServiceGroup(configuration: configuration)
        let watching = Task { await watch(signals, group) }
        let companion = Task { await beside { await group.triggerGracefulShutdown() } }
        defer {
            companion.cancel()
            watching.cancel()
        }
        do {
            try await group.run()
        } catch {
            throw translated(error)
        }
    }

    private var configuration: ServiceGroupConfiguration {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .ignore, failureTerminationBehavior: .gracefullyShutdownGroup) },
            logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.longestDrain
        return configuration
    }

    private func watch(_ signals: SignalWatch, _ group: ServiceGroup) async {
        for await meaning in signals.meanings() {
            switch meaning {
            case .drain:
                onDrain()
                await group.triggerGracefulShutdown()
            case .stopNow:
                // Nothing is lost: leases end by themselves, and steps end with their worker.
                _exit(130)
            case .reload:
                await onReload()
            }
        }
    }

    /// A server that could not listen is the operator's to mend; everything else is ours.
    private func translated(_ error: any Error) -> any Error {
        if let broker = error as? BrokerError { return StartFailure(broker.description, isConfiguration: broker.kind == .configuration) }
        guard port.number == nil, let cause = error as? IOError else { return error }
        return StartFailure(
            cause.errnoCode == EADDRINUSE
                ? "\(listen) is in use: another Doorbell may run there; name another address with --listen"
                : "cannot listen on \(listen): \(String(cString: strerror(cause.errnoCode)))")
    }
}
