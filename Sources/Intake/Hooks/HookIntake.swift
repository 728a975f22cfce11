import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Logging
import Signals
import Storage
import Synchronization
import Wire

/// Takes what forges tell: `POST /hooks/SOURCE`. All changes of one call are one transaction, answered when they are durable.
public final class HookIntake: Sendable {
    private let taker: ChangeTaker
    private let configuration: @Sendable () -> Configuration?
    private let secrets: HookSecrets
    private let record: HookRecord?
    private let reader = HookReader()
    private let limit = TokenBuckets(burst: 500, perSecond: 100)
    private let budget = ChangeBudget()
    private let health: (any SourceStore)?
    /// What was told last of each source that has a limit.
    private let told = Mutex<[String: String?]>([:])
    private let logger: Logger
    public let counters = HookCounters()

    init(
        taker: ChangeTaker, configuration: @escaping @Sendable () -> Configuration?, secrets: HookSecrets = HookSecrets(),
        deliveries: (any DeliveryStore)?, health: (any SourceStore)?, logger: Logger
    ) {
        self.taker = taker
        self.configuration = configuration
        self.secrets = secrets
        self.health = health
        record = deliveries.map { HookRecord(store: $0, logger: logger) }
        self.logger = logger
    }

    public func addRoutes(to router: DoorRouter) {
        router.post("/hooks/{source}") { request, context in try await self.take(request, source: try context.text("source")) }
    }

    private func take(_ request: Request, source: String) async throws -> Response {
        guard let configuration = configuration() else { throw Self.unconfigured }
        guard let hook = configuration.hooks.first(where: { $0.name == source }) else {
            throw Problem.notFound("the configuration has no source of that name that takes hooks")
        }
        var delivery = HookDelivery(headers: Self.headers(request), body: Data())
        let name = delivery.name(for: hook)
        do {
            let signature = try signature(of: hook)
            delivery = try await reader.read(request, source: hook.name, headers: delivery.headers, signature: signature)
            // Behind the signature: strangers may not use up what the forge may ask for.
            guard limit.take(hook.name) == nil else { throw Problem.tooMany("source \(hook.name) takes 100 calls a second: send it again later") }
            let answer = try await settle(
                delivery, .first(delivery, hook), hook, configuration.ties(of: source), limit: configuration.sourceLimits[source])
            counters.count(source, answer.changes.isEmpty ? .ignored : .taken)
            log("hook", source, name, answer)
            let isSpooled = answer.changes.contains { $0.id == nil }
            return try Response.json(answer, status: isSpooled ? .accepted : answer.changes.contains(where: \.created) ? .created : .ok)
        } catch {
            let refusal = error as? KeptRefusal
            var problem = refusal?.problem ?? HookReading.problem(error)
            let notes = [name.map { "delivery \($0)" }, refusal?.kept.map { "kept as \($0)" }].compactMap(\.self)
            problem.detail = (problem.detail ?? problem.title) + (notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))")
            counters.count(source, problem.status == 503 ? .unavailable : .refused)
            logger.warning(
                "hook refused",
                metadata: [
                    "source": "\(source)", "delivery": "\(name ?? "")", "status": "\(problem.status)", "reason": "\(problem.detail ?? "")",
                ])
            throw problem
        }
    }

    /// What a call has to prove; nil when anybody is believed.
    private func signature(of hook: HookConfiguration) throws -> HookSignature? {
        guard let secret = hook.secret else { return nil }
        guard let proof = hook.proof else {
            throw Problem.unavailable(
                "source \(hook.name) does not say how a caller proves that it knows the secret: name a \"signature\" or a \"token\"")
        }
        return HookSignature(proof: proof, secrets: try secrets.read(secret, of: hook.name))
    }

    /// Reads a delivery that was kept once more, by the configuration of now. Changes that it made before are the same changes.
    ///
    /// - Throws: 409 when it cannot be read again, 503 when nothing could be made durable.
    public func redeliver(_ kept: KeptDelivery, audit: AuditNote? = nil) async throws -> RedeliveryAnswer {
        let row = kept.row
        guard let configuration = configuration() else { throw Self.unconfigured }
        guard let hook = configuration.hooks.first(where: { $0.name == row.source }) else {
            throw Problem.conflict("the configuration has no source \(row.source) that takes hooks any more")
        }
        guard let body = kept.body else {
            throw Problem.conflict("the body of delivery \(row.id) was too large to be kept: let the forge send it again")
        }
        do {
            let answer = try await settle(HookDelivery(kept, body: body), .again(row.id, audit), hook, configuration.ties(of: row.source))
            log("hook redelivered", row.source, row.name, answer)
            return RedeliveryAnswer(
                id: row.id, verdict: answer.changes.isEmpty ? .ignored : .accepted, reason: answer.reason, changes: answer.changes)
        } catch let refusal as KeptRefusal {
            return RedeliveryAnswer(id: row.id, verdict: .refused, reason: refusal.problem.detail ?? refusal.problem.title, changes: [])
        }
    }

    /// Reads what somebody who is believed delivered, takes its changes, and puts on record what became of it.
    private func settle(
        _ delivery: HookDelivery, _ subject: HookRecord.Subject, _ hook: HookConfiguration, _ ties: SourceTies, limit: ChangeLimit? = nil
    ) async throws -> HookAnswer {
        let changes: [NewChange]
        let reason: String?
        do {
            let read = try HookReading(hook: hook, project: ties.project).read(delivery)
            (changes, reason) = (ties.told(read.changes), read.reason)
        } catch {
            let problem = HookReading.problem(error)
            throw KeptRefusal(problem: problem, kept: try await note(subject, .refused, problem.detail ?? problem.title))
        }
        guard !changes.isEmpty else {
            _ = try await note(subject, .ignored, reason ?? "")
            return HookAnswer(delivery: delivery.name(for: hook), changes: [], reason: reason)
        }
        try await refuse(beyond: limit, hook.name)
        let named = changes.compactMap { change in change.dedupeKey.map { taker.named(change, key: $0, isProtected: true) } }
        let taken = try await taker.take(named, accepting: accepting(subject)).map { try $0.get() }
        budget.spend(changes.count, of: hook.name, limit)
        if limit != nil { await tell(nil, of: hook.name) }
        return HookAnswer(delivery: delivery.name(for: hook), changes: taken.map(Self.made), reason: nil)
    }

    /// - Throws: 429 with the time after which the source may bring something again.
    private func refuse(beyond limit: ChangeLimit?, _ source: String) async throws {
        let wait = budget.wait(source, limit)
        guard let limit, wait > .zero else { return }
        await tell("it was told of more than \(limit.text), and refused what came then: the forge may have to send it again", of: source)
        var problem = Problem.tooMany("source \(source) takes \(limit.text): send it again later")
        problem.retryAfter = Int(wait.inSeconds.rounded(.up))
        throw problem
    }

    /// Keeps how a source stands that has a limit, when that differs from the last time.
    private func tell(_ message: String?, of source: String) async {
        guard let health, told.withLock({ $0[source] }) != .some(message) else { return }
        do {
            try await health.recordSourceHealth(
                source, SourceHealth(healthy: message == nil, message: message, since: Timestamp(seconds: Date().timeIntervalSince1970)))
            told.withLock { $0[source] = .some(message) }
        } catch {
            logger.info("the health of a source cannot be kept", metadata: ["source": "\(source)", "error": "\(error)"])
        }
    }

    private func accepting(_ subject: HookRecord.Subject) -> ChangeTaker.Accepting? {
        guard let record else { return nil }
        return { [store = taker.store] changes in try await record.accept(changes, subject, in: store) }
    }

    /// With the database away, as the spool tells, nobody waits for a record.
    private func note(_ subject: HookRecord.Subject, _ verdict: DeliveryVerdict, _ reason: String) async throws -> DeliveryID? {
        guard let record, subject.isAudited || taker.spool?.isEmpty ?? true else { return nil }
        return try await record.note(subject, DeliveryJudgement(verdict, reason: reason))
    }

    private func log(_ what: Logger.Message, _ source: String, _ name: String?, _ answer: HookAnswer) {
        logger.info(
            what,
            metadata: [
                "source": "\(source)", "delivery": "\(name ?? "")", "changes": "\(answer.changes.count)", "reason": "\(answer.reason ?? "")",
            ])
    }

    private static let unconfigured = Problem.unavailable(
        "no configuration is known here yet, so that nobody can say whom to believe: send it again later")

    private static func made(_ taken: ChangeTaker.Taken) -> HookAnswer.Made {
        switch taken {
        case .accepted(let receipt): HookAnswer.Made(id: receipt.id, chain: receipt.chain, created: receipt.created)
        case .spooled(let chain): HookAnswer.Made(id: nil, chain: chain, created: true)
        }
    }

    private static func headers(_ request: Request) -> [String: String] {
        request.headers.reduce(into: [:]) { $0[$1.name.canonicalName] = $1.value }
    }
}

/// A delivery of somebody who is believed, which could not be read.
private struct KeptRefusal: Error {
    var problem: Problem
    /// Its number on record.
    var kept: DeliveryID?
}
