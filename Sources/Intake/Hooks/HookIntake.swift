import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Logging
import Storage
import Wire

/// Takes what forges tell: `POST /hooks/SOURCE`. All changes of one call are one transaction, answered when they are durable.
public final class HookIntake: Sendable {
    /// What GitHub sends at most.
    private static let mostBytes = 25 << 20

    private let taker: ChangeTaker
    private let configuration: @Sendable () -> Configuration?
    private let secrets: HookSecrets
    private let limit = RateLimit(burst: 500, perSecond: 100)
    private let logger: Logger
    public let counters = HookCounters()

    init(taker: ChangeTaker, configuration: @escaping @Sendable () -> Configuration?, secrets: HookSecrets = HookSecrets(), logger: Logger) {
        self.taker = taker
        self.configuration = configuration
        self.secrets = secrets
        self.logger = logger
    }

    public func addRoutes(to router: DoorRouter) {
        router.post("/hooks/{source}") { request, context in try await self.take(request, source: try context.text("source")) }
    }

    private func take(_ request: Request, source: String) async throws -> Response {
        guard let configuration = configuration() else {
            throw Problem.unavailable("no configuration is known here yet, so that nobody can say whom to believe: send it again later")
        }
        guard let hook = configuration.hooks.first(where: { $0.name == source }) else {
            throw Problem.notFound("the configuration has no source of that name that takes hooks")
        }
        let headers = Self.headers(request)
        let delivery = HookDelivery(headers: headers, body: Data()).name
        do {
            let body = HookDelivery(headers: headers, body: Data(buffer: try await request.bytes(limit: Self.mostBytes)))
            let answer = try await take(body, hook, project: configuration.project, delivery: delivery)
            counters.count(source, answer.changes.isEmpty ? .ignored : .taken)
            logger.info(
                "hook",
                metadata: [
                    "source": "\(source)", "delivery": "\(delivery ?? "")", "changes": "\(answer.changes.count)", "reason": "\(answer.reason ?? "")",
                ])
            let isSpooled = answer.changes.contains { $0.id == nil }
            return try Response.json(answer, status: isSpooled ? .accepted : answer.changes.contains(where: \.created) ? .created : .ok)
        } catch {
            let problem = Self.problem(error, delivery)
            counters.count(source, problem.status == 503 ? .unavailable : .refused)
            logger.warning(
                "hook refused",
                metadata: [
                    "source": "\(source)", "delivery": "\(delivery ?? "")", "status": "\(problem.status)", "reason": "\(problem.detail ?? "")",
                ])
            throw problem
        }
    }

    private func take(_ delivery: HookDelivery, _ hook: HookConfiguration, project: String, delivery id: String?) async throws -> HookAnswer {
        if let secret = hook.secret {
            try HookSignature(forge: hook.forge, secrets: try secrets.read(secret, of: hook.name)).check(delivery)
        }
        // Behind the signature: strangers may not use up what the forge may ask for.
        guard limit.take(hook.name) else { throw Problem.tooMany("source \(hook.name) takes 100 calls a second: send it again later") }
        let event = try hook.forge == .gitlab ? GitLabHook.event(delivery) : GitHubHook.event(delivery)
        let (changes, reason) = HookChanges(hook: hook, project: project).make(event)
        for (place, change) in changes.enumerated() {
            let problems = change.problems
            guard problems.isEmpty else {
                throw HookRefusal.invalid(
                    "change \(place + 1) of \(changes.count): " + problems.map { "\($0.pointer) \($0.detail)" }.joined(separator: "; "))
            }
        }
        guard !changes.isEmpty else { return HookAnswer(delivery: id, changes: [], reason: reason) }
        let named = changes.compactMap { change in change.dedupeKey.map { taker.named(change, key: $0, isProtected: true) } }
        let taken = try await taker.take(named).map { try $0.get() }
        return HookAnswer(delivery: id, changes: taken.map(Self.made), reason: nil)
    }

    private static func made(_ taken: ChangeTaker.Taken) -> HookAnswer.Made {
        switch taken {
        case .accepted(let receipt): HookAnswer.Made(id: receipt.id, chain: receipt.chain, created: receipt.created)
        case .spooled(let chain): HookAnswer.Made(id: nil, chain: chain, created: true)
        }
    }

    private static func headers(_ request: Request) -> [String: String] {
        request.headers.reduce(into: [:]) { $0[$1.name.canonicalName] = $1.value }
    }

    private static func problem(_ error: any Error, _ delivery: String?) -> Problem {
        let named = delivery.map { " (delivery \($0))" } ?? ""
        var problem: Problem
        switch error {
        case HookRefusal.unsigned(let reason): problem = .unauthorized(reason)
        case HookRefusal.invalid(let reason): problem = .badRequest(reason)
        case let error as DecodingError: problem = error.problem
        case let error as any ProblemConvertible: problem = error.problem
        case let error as Problem: problem = error
        default: problem = .unavailable("it was not taken: \(error)")
        }
        problem.detail = (problem.detail ?? problem.title) + named
        return problem
    }
}
