import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Wire

/// Lets a call through when its caller may make it (`AccessTable`), and says to the handler who that is.
struct AccessGate: RouterMiddleware {
    typealias Context = DoorContext

    let access: AccessKeeper
    /// The project of the configuration in force.
    let home: @Sendable () -> String?

    private static let origin = HTTPField.Name("Origin")
    private static let safeMethods: Set<HTTPRequest.Method> = [.get, .head, .options]
    /// What is shorter is sent at once.
    private static let short = 64 << 10
    /// The longest header that can hold a token.
    private static let longestHeader = 200

    func handle(_ request: Request, context: DoorContext, next: (Request, DoorContext) async throws -> Response) async throws -> Response {
        var context = context
        guard access.isOn else {
            context.principal = .everyone
            return try await next(request, context)
        }
        // A path that nobody has, or the question which methods one has.
        guard let path = context.endpointPath, path != "NotFound", request.method != .options else { return try await next(request, context) }
        guard let rule = AccessTable.rule(request.method.rawValue, path) else { return try Self.unlisted(request, path) }
        let (needed, reach): (AccessRole, RouteRule.Reach)
        switch rule {
        case .open, .proof, .session: return try await next(request, context)
        case .worker: (needed, reach) = (.worker, .own)
        case .role(let role, let scope): (needed, reach) = (role, scope)
        case .page(let scope):
            (needed, reach) = (.reader, scope)
            do {
                context.principal = try await admitted(request, needed, reach)
            } catch let problem as Problem where problem.status == 401 {
                return Self.signIn(request)
            } catch let problem as Problem where problem.status == 403 {
                return Self.page(problem)
            }
            return try await next(request, context)
        }
        context.principal = try await admitted(request, needed, reach)
        let response = try await next(request, context)
        // A question may have waited for long. What was done is answered.
        guard !Self.safeMethods.contains(request.method) || access.stillHolds(context.principal) else { throw AccessKeeper.refused }
        return guarded(response, context.principal)
    }

    /// Who asks, if they may.
    private func admitted(_ request: Request, _ needed: AccessRole, _ reach: RouteRule.Reach) async throws -> Principal {
        let principal = try await principal(request)
        guard principal.may(needed) else {
            guard principal.isKnown else {
                throw Problem.unauthorized("a token is needed here: send it as Authorization: Bearer TOKEN; its role: \(needed.rawValue)")
            }
            throw Problem.insufficientRole(
                "this needs the role \(needed.rawValue), and token \(principal.name) has \(principal.role?.rawValue ?? "none")")
        }
        if principal.isBound {
            switch reach {
            case .own: break
            case .home:
                guard home().map(principal.sees) ?? true else {
                    throw Problem.outsideProjects("this is about the project of the configuration, which token \(principal.name) is not for")
                }
            case .none: throw Problem.outsideProjects("this is about all projects, and token \(principal.name) is for some of them only")
            }
        }
        if case .page = principal.kind, !Self.safeMethods.contains(request.method) {
            // Where it comes from was checked before, if it says so. A browser says it with every write; what does not is none.
            guard let origin = Self.origin, request.headers[origin] != nil else {
                throw Problem.forbidden("a write by somebody who signed in at the pages says its Origin")
            }
        }
        return principal
    }

    private func principal(_ request: Request) async throws -> Principal {
        if let header = request.headers[.authorization] {
            guard header.utf8.count <= Self.longestHeader, header.lowercased().hasPrefix("bearer ") else { throw AccessKeeper.refused }
            return try await access.principal(showing: String(header.dropFirst(7)))
        }
        if let session = PageSession.token(of: request) { return try await access.principal(showing: session) }
        if case .tokens(anonymousReads: true) = access.mode { return .anonymousReader }
        return .nobody
    }

    /// An answer that may go on for long ends with the token that it was given for.
    private func guarded(_ response: Response, _ principal: Principal) -> Response {
        guard principal.isKnown, response.body.contentLength.map({ $0 > Self.short }) ?? true else { return response }
        var response = response
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { [access] writer in
            let guarded = GuardedWriter(writer: writer, access: access, principal: principal)
            try await body.write(guarded)
        }
        return response
    }

    private static func unlisted(_ request: Request, _ path: String) throws -> Response {
        let methods = AccessTable.methods(of: path)
        guard !methods.isEmpty else { throw Problem.forbidden("nobody was given the right to call this") }
        let allowed = methods.joined(separator: ", ")
        var response = Response(problem: .methodNotAllowed("\(request.method.rawValue) is not possible here; \(allowed) are"))
        response.headers[.allow] = allowed
        return response
    }

    private static func signIn(_ request: Request) -> Response {
        let place = request.uri.string
        let next = place == "/" ? "" : "?next=" + (place.addingPercentEncodingForQuery ?? "")
        return Response(status: .seeOther, headers: [.location: "/sign-in\(next)"])
    }

    private static func page(_ problem: Problem) -> Response {
        let text = "\(problem.title): \(problem.detail ?? "")".replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return Response(
            status: .init(code: problem.status), headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(
                byteBuffer: ByteBuffer(
                    string: "<!doctype html><html lang=\"en\"><title>Doorbell</title><p>\(text)</p><p><a href=\"/\">Builds</a></p></html>")))
    }
}

/// Passes on what is written for as long as the token behind it is good.
private struct GuardedWriter: ResponseBodyWriter {
    var writer: any ResponseBodyWriter
    let access: AccessKeeper
    let principal: Principal

    mutating func write(_ buffer: ByteBuffer) async throws {
        guard access.stillHolds(principal) else { throw AccessKeeper.refused }
        try await writer.write(buffer)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { try await writer.finish(trailingHeaders) }
}

extension String {
    /// Every byte outside RFC 3986's unreserved set escaped.
    fileprivate var addingPercentEncodingForQuery: String? {
        addingPercentEncoding(withAllowedCharacters: CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))
    }
}
