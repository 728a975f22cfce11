import HTTPTypes
import Hummingbird

/// Puts the headers that keep a browser from misusing an answer on every answer; a route that sets one itself keeps its own.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = DoorContext

    private static let defaults: [(HTTPField.Name, String)] = [
        ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("Cache-Control", "no-store"),
    ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }

    func handle(_ request: Request, context: DoorContext, next: (Request, DoorContext) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in Self.defaults where !response.headers.contains(name) {
            response.headers.append(HTTPField(name: name, value: value))
        }
        return response
    }
}
