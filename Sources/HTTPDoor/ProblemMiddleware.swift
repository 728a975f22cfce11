import Hummingbird
import NIOCore
import Storage
import Wire

/// Turns whatever a route throws into `application/problem+json`. What is not meant for strangers is logged and answered as a plain 500.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = DoorContext

    func handle(_ request: Request, context: DoorContext, next: (Request, DoorContext) async throws -> Response) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return Response(problem: Self.problem(for: error, request: request, context: context))
        }
    }

    private static func problem(for error: any Error, request: Request, context: DoorContext) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let convertible as any ProblemConvertible: return convertible.problem
        case let error as StoreError: return problem(for: error, context: context)
        case let error as HTTPError: return problem(for: error, request: request)
        case is NIOTooManyBytesError: return .tooLarge("the body is larger than this route takes")
        case is CancellationError: return .unavailable("the server is stopping; try again")
        default:
            context.logger.error(
                "a request failed",
                metadata: ["method": "\(request.method)", "route": "\(context.endpointPath ?? "none")", "error": "\(String(reflecting: error))"])
            return .internalError
        }
    }

    private static func problem(for error: StoreError, context: DoorContext) -> Problem {
        switch error {
        case .notFound(let text): return .notFound(text)
        case .conflict(let text): return .conflict(text)
        case .unavailable, .inUse:
            context.logger.warning("the store is unavailable", metadata: ["error": "\(error)"])
            return .unavailable("the store cannot be reached at the moment; nothing was changed, try again")
        case .newerSchema, .configuration, .internalError:
            context.logger.error("the store failed", metadata: ["error": "\(error)"])
            return .internalError
        }
    }

    private static func problem(for error: HTTPError, request: Request) -> Problem {
        if error.status == .notFound {
            return .notFound("there is nothing at \(request.method.rawValue) \(request.uri.path.prefix(200))")
        }
        let code = error.status.reasonPhrase.lowercased().replacing(" ", with: "_")
        return Problem(status: error.status.code, code: code, title: error.status.reasonPhrase, detail: error.body)
    }
}
