import Domain
import HTTPDoor
import Hummingbird
import Logging
import Signals
import Storage
import Wire

/// Takes changes in over HTTP. Answers when they are durable: in the database, or with it away, in the spool on this machine's own disk. Many that arrive
/// together share one transaction.
public final class ChangeIntake: Sendable {
    private static let mostWaiting = 10_000
    private static let batch = 500
    /// How a token's own key begins (`Principal.key`).
    private static let ofHeaders = "token "

    private let taker: ChangeTaker
    private let combiner: Combiner<SpooledChange, ChangeTaker.Taken>

    /// - Parameters:
    ///   - deployment: names the deployment in chains, so that a change has its chain before the database knows of it.
    ///   - spool: takes what the database cannot take at the moment; without one such changes are refused.
    public init(store: any ChangeStore, bell: any Doorbell, deployment: String, spool: ChangeSpool? = nil) {
        let taker = ChangeTaker(store: store, bell: bell, deployment: deployment, spool: spool)
        self.taker = taker
        combiner = Combiner(what: "changes", maximumBatch: Self.batch, maximumWaiting: Self.mostWaiting) { try await taker.take($0) }
    }

    /// The loop that brings what was spooled to the database; none without a spool.
    public func loops(logger: Logger) -> [Loop] {
        guard let spool = taker.spool else { return [] }
        let drain = SpoolDrain(spool: spool, store: taker.store, bell: taker.bell, logger: logger)
        // A database that is back is found within seconds, also when nothing else asks for it.
        let backoff = Backoff(longest: .seconds(2))
        let loop = Loop(name: .intakeSpool, bell: taker.bell, backoff: backoff, logger: logger) { try await drain.run() }
        taker.drain.set([loop])
        return [loop]
    }

    /// The same intake for what forges tell.
    ///
    /// - Parameters:
    ///   - deliveries: keeps what they tell; without one it is read and forgotten.
    ///   - health: keeps how their sources stand.
    public func hooks(
        configuration: @escaping @Sendable () -> Configuration?, deliveries: (any DeliveryStore)?, health: (any SourceStore)? = nil, logger: Logger
    ) -> HookIntake {
        HookIntake(taker: taker, configuration: configuration, deliveries: deliveries, health: health, logger: logger)
    }

    public func addRoutes(to router: DoorRouter) {
        router.post("/api/v1/changes") { request, context in try await self.submit(request, context.principal) }
    }

    private func submit(_ request: Request, _ principal: Principal) async throws -> Response {
        let body = try await request.json(ChangeSubmission.self)
        var change = NewChange(body.document)
        // A key that is none is refused, even where the change has one of its own.
        let header = try request.idempotencyKey(principal: principal.key, route: "changes", bodyHash: body.sha256)?.key
        if principal.isKnown, change.dedupeKey?.hasPrefix(Self.ofHeaders) ?? false {
            throw Problem.invalidField("/dedupe_key", "expected another: those that begin with \"\(Self.ofHeaders)\" are made of Idempotency-Keys")
        }
        if change.dedupeKey == nil {
            // Of somebody else the same key is another: what both call the same change, they say in the body.
            change.dedupeKey = principal.isKnown ? header.map { "\(principal.key) \($0)" } : header
        }
        change.submittedBy = principal.isKnown ? principal.name : nil
        let problems = change.problems
        guard problems.isEmpty else { throw Problem.invalidFields(problems.map { Problem.FieldError(pointer: $0.pointer, detail: $0.detail) }) }
        guard principal.sees(change.project) else {
            throw Problem.outsideProjects("token \(principal.name) is not for project \(change.project)")
        }
        // Who is bound to projects says nothing about the changes of others, not even that they are there already: its keys count within its project.
        if principal.isBound { change.dedupeKey = change.dedupeKey.map { "\(change.project) \($0)" } }
        let isProtected = change.dedupeKey != nil
        let key = change.dedupeKey ?? ChainID.random().rawValue
        change.dedupeKey = key
        let taken = try await combiner.submit(taker.named(change, key: key, isProtected: isProtected))
        var answer = ChangeAccepted(id: nil, chain: taken.chain, source: change.source, dedupeKey: key, protected: isProtected)
        switch taken {
        case .accepted(let receipt):
            answer.id = receipt.id
            return try Response.json(
                answer, status: receipt.created ? .created : .ok, headers: [.location: "/api/v1/changes/\(receipt.id)"])
        case .spooled:
            return try Response.json(answer, status: .accepted)
        }
    }
}
