import Logging
import ServiceLifecycle
import WorkerAgent

/// The worker inside `doorbell up`: the same agent as `doorbell-worker`, over the same protocol, once the server listens.
struct EmbeddedWorker: Service {
    var port: BoundPort
    var listen: ListenAddress
    var configuration: WorkerConfiguration
    var logger: Logger

    func run() async throws {
        let port = await cancelWhenGracefulShutdown { await self.port.wait() }
        guard let port else { return }
        var configuration = configuration
        configuration.urls = [listen.url(port: port)]
        try await WorkerAgent(configuration: configuration, logger: logger).run()
    }
}
