import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// A real server on loopback that answers with a list, and remembers what it was asked.
final class JSONServer: Sendable {
    struct Reply: Sendable {
        var status = HTTPResponse.Status.ok
        var headers: HTTPFields = [:]
        var body = ""
        /// Says that more follows, and never sends it.
        var hangs = false
    }

    private struct State {
        var reply: @Sendable (Request) -> Reply
        var asked: [Request] = []
    }

    let url: String
    private let state: Mutex<State>

    private init(url: String, state: State) {
        self.url = url
        self.state = Mutex(state)
    }

    /// The requests so far.
    var asked: [HTTPFields] { state.withLock { $0.asked.map(\.headers) } }

    func answer(_ reply: @escaping @Sendable (Request) -> Reply) { state.withLock { $0.reply = reply } }

    func answer(_ body: String, _ headers: HTTPFields = [:]) { answer { _ in Reply(headers: headers, body: body) } }

    private func take(_ request: Request) -> Response {
        let reply = state.withLock { state in
            state.asked.append(request)
            return state.reply
        }(request)
        let bytes = ByteBuffer(string: reply.body)
        guard reply.hangs else { return Response(status: reply.status, headers: reply.headers, body: .init(byteBuffer: bytes)) }
        return Response(
            status: reply.status, headers: reply.headers,
            body: .init { writer in
                try await writer.write(bytes)
                try await Task.sleep(for: .seconds(3600))
            })
    }

    static func with(_ body: @Sendable (JSONServer) async throws -> Void) async throws {
        let (ports, started) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "json")
        logger.logLevel = .critical
        let holder = Mutex<JSONServer?>(nil)
        let router = Router()
        let respond: @Sendable (Request, BasicRequestContext) async throws -> Response = { request, _ in
            holder.withLock { $0 }?.take(request) ?? Response(status: .serviceUnavailable)
        }
        router.get("**", use: respond)
        router.get("/", use: respond)
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in started.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        var configuration = ServiceGroupConfiguration(services: [app], logger: logger)
        configuration.maximumGracefulShutdownDuration = .milliseconds(100)
        let services = ServiceGroup(configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let server = JSONServer(url: "http://127.0.0.1:\(await iterator.next() ?? 0)", state: State { _ in Reply(status: .notFound) })
            holder.withLock { $0 = server }
            do {
                try await body(server)
            } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
            // Never cancelled while it accepts: NIO ends the process when it has accepted a connection that nobody is there to take.
            await services.triggerGracefulShutdown()
        }
    }
}
