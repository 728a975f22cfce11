import HTTPTypes
import Hummingbird
import Wire

/// Refuses what a web page of somebody else may make a browser send here: calls under a name that is not ours (DNS rebinding) and writes from
/// another origin.
struct HostCheck: RouterMiddleware {
    typealias Context = DoorContext

    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")
    private static let origin = HTTPField.Name("Origin")
    /// The types that a page may send to anybody without asking first (the Fetch standard's safelist).
    private static let formTypes: Set = ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"]
    private static let safeMethods: Set<HTTPRequest.Method> = [.get, .head, .options]

    private let names: Set<String>

    init(names: Set<String>) {
        self.names = Set(names.map { $0.lowercased() })
    }

    func handle(_ request: Request, context: DoorContext, next: (Request, DoorContext) async throws -> Response) async throws -> Response {
        guard let authority = request.head.authority, let host = HostName(authority: authority) else {
            throw Problem.badRequest("the Host header is missing or is not a host name with an optional port")
        }
        // Rebinding needs a name that its owner can point at us; an address is never one.
        guard host.isAddress || host.isLoopback || names.contains(host.name) else {
            throw Problem(
                status: 421, code: "unknown_host", title: "This server is not known by that name",
                detail: "add the name to the names that this server may be called by, or call it by its address")
        }
        if !Self.safeMethods.contains(request.method) { try refuseForeignWrite(request, authority: authority) }
        return try await next(request, context)
    }

    private func refuseForeignWrite(_ request: Request, authority: String) throws {
        if let origin = Self.origin.flatMap({ request.headers[$0] }) {
            guard let scheme = origin.firstRange(of: "://"), origin[scheme.upperBound...].lowercased() == authority.lowercased() else {
                throw Problem.forbidden("the request comes from another origin than this server's own pages")
            }
        } else if let site = Self.fetchSite.flatMap({ request.headers[$0] }), site != "same-origin", site != "none" {
            throw Problem.forbidden("the request comes from another site than this server's own pages")
        }
        if let type = request.headers[.contentType], Self.formTypes.contains(ContentTypeName.of(type)) {
            throw Problem.unsupportedType("forms and plain text are not taken here; send application/json")
        }
    }
}
