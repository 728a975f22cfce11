import HTTPTypes
import Hummingbird
import NIOCore
import Wire

/// Holds a client of the API back that asks for too much, so that the others are served. Forges have limits of their own, workers and health checks none.
struct ClientLimiter: RouterMiddleware {
    typealias Context = DoorContext

    /// What a client may ask for at once, in seconds of its limit: a page opens with many calls, and a script begins with some.
    private static let burst = 5

    private let writes: TokenBuckets?
    private let reads: TokenBuckets?

    private let now: @Sendable () -> ContinuousClock.Instant

    init(_ limits: ClientLimits, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
        writes = limits.writes.map { TokenBuckets(burst: $0 * Self.burst, perSecond: $0) }
        reads = limits.reads.map { TokenBuckets(burst: $0 * Self.burst, perSecond: $0) }
    }

    /// The API, and signing in; however many slashes stand before it, for routes take one for as good as many.
    private static func isLimited(_ path: String) -> Bool {
        let first = path.split(separator: "/").first
        return first == "api" || first == "sign-in"
    }

    func handle(_ request: Request, context: DoorContext, next: (Request, DoorContext) async throws -> Response) async throws -> Response {
        let isRead = request.method == .get || request.method == .head || request.method == .options
        if Self.isLimited(request.uri.path), let wait = (isRead ? reads : writes)?.take(context.client, at: now()) {
            var problem = Problem.tooMany("this client asked for more than is taken of one: send it again later")
            problem.retryAfter = max(1, Int(wait.components.seconds) + (wait.components.attoseconds > 0 ? 1 : 0))
            throw problem
        }
        return try await next(request, context)
    }
}

extension DoorContext {
    /// Who waits: by token, or where there is none by address.
    public var waiter: String { principal.isKnown ? principal.key : client }

    /// Who asks: the address that the connection comes from; of IPv6 the network, within which one client has as many addresses as it likes.
    var client: String {
        guard let address = channel.remoteAddress else { return "" }
        guard case .v6(let v6) = address else { return address.ipAddress ?? "" }
        var host = v6.address.sin6_addr
        let network = withUnsafeBytes(of: &host) { Hexadecimal.text($0.prefix(8)) }
        // An IPv4 client of a listener for both has its own address at the end.
        return network == "0000000000000000" ? address.ipAddress ?? network : network
    }
}
