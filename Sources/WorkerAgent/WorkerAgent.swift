import Domain
import Foundation
import Logging
import ServiceLifecycle
import Wire

/// A worker: claims builds from dispatchers, runs their steps, and reports.
///
/// On graceful shutdown it claims nothing more and gives its builds back; cancelled, it ends everything at once. Whatever ends the process, by
/// any means, no step goes on after it.
public struct WorkerAgent: Service {
    private let configuration: WorkerConfiguration
    private let logger: Logger

    public init(configuration: WorkerConfiguration, logger: Logger) {
        var logger = logger
        logger[metadataKey: "worker"] = "\(configuration.name)"
        self.configuration = configuration
        self.logger = logger
    }

    /// Runs until it is stopped. Throws `WorkerError` when it cannot work at all.
    public func run() async throws {
        try check()
        let client = try DispatcherClient(urls: configuration.urls, connections: configuration.slots * 2 + 8)
        do {
            try await work(client)
        } catch {
            try await client.shutdown()
            if error is CancellationError { return }
            throw error
        }
        try await client.shutdown()
    }

    private func check() throws {
        guard (1...1000).contains(configuration.slots) else {
            throw WorkerError(.invalidConfiguration, "A worker has 1 to 1000 slots; \(configuration.slots) were asked for.")
        }
        guard !configuration.name.isEmpty, configuration.name.utf8.count <= 100 else {
            throw WorkerError(.invalidConfiguration, "A worker's name has 1 to 100 bytes; give one with --name.")
        }
    }

    private func work(_ client: DispatcherClient) async throws {
        let (configuration, logger) = (configuration, logger)
        let disk = WorkThread(name: "doorbell-disk")
        defer { disk.stop() }
        let setting = try await disk.run {
            let directory = try DataDirectory.open(configuration.dataDirectory)
            if directory.leftovers > 0 {
                logger.warning("ended what an earlier worker left", metadata: ["processes": "\(directory.leftovers)"])
            }
            return try WorkerSetting(configuration: configuration, directory: directory, disk: disk)
        }
        defer { setting.directory.close() }
        let drain = Gate()
        try await withGracefulShutdownHandler {
            try await SessionKeeper(setting: setting, client: client, drain: drain, logger: logger).run()
        } onGracefulShutdown: {
            logger.info("stopping: nothing more is claimed", metadata: ["drain_timeout": "\(configuration.drainTimeout.forPeople)"])
            drain.open()
        }
    }
}
