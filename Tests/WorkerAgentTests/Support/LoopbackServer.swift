import Hummingbird
import Logging
import ServiceLifecycle

/// Serves routes on a port of its own while a test runs.
enum LoopbackServer {
    static func serve<Result: Sendable>(
        _ router: Router<BasicRequestContext>, name: String, _ body: @Sendable (String) async throws -> Result
    ) async throws -> Result {
        let (ports, started) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: name)
        logger.logLevel = .critical
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in started.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        var configuration = ServiceGroupConfiguration(services: [app], logger: logger)
        // Long polls are let go after this.
        configuration.maximumGracefulShutdownDuration = .milliseconds(100)
        let services = ServiceGroup(configuration: configuration)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            let result: Result
            do {
                result = try await body("http://127.0.0.1:\(port)")
            } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
            // Never cancelled while it accepts: NIO ends the process when it has accepted a connection that nobody is there to take.
            await services.triggerGracefulShutdown()
            return result
        }
    }
}
