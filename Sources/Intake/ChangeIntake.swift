import Domain
import HTTPDoor
import Hummingbird
import Signals
import Storage
import Wire

/// Takes changes in over HTTP. Answers when they are durable; many that arrive together share one transaction.
public final class ChangeIntake: Sendable {
    private static let mostWaiting = 10_000
    private static let batch = 500

    private let bell: any Doorbell
    private let combiner: Combiner<NewChange, ChangeReceipt>

    public init(store: any ChangeStore, bell: any Doorbell) {
        self.bell = bell
        combiner = Combiner(what: "changes", maximumBatch: Self.batch, maximumWaiting: Self.mostWaiting) { changes in
            let receipts = try await store.accept(changes, advancing: nil)
            bell.ring(.schedulingClassify)
            return receipts.map { .success($0) }
        }
    }

    public func addRoutes(to router: DoorRouter) {
        router.post("/api/v1/changes") { request, _ in try await self.submit(request) }
    }

    private func submit(_ request: Request) async throws -> Response {
        let body = try await request.json(ChangeSubmission.self)
        var change = NewChange(body.document)
        if change.dedupeKey == nil {
            change.dedupeKey = try request.idempotencyKey(principal: "", route: "changes", bodyHash: body.sha256)?.key
        }
        let problems = change.problems
        guard problems.isEmpty else { throw Problem.invalidFields(problems.map { Problem.FieldError(pointer: $0.pointer, detail: $0.detail) }) }
        let isProtected = change.dedupeKey != nil
        let key = change.dedupeKey ?? ChainID.random().rawValue
        change.dedupeKey = key
        let receipt = try await combiner.submit(change)
        return try Response.json(
            ChangeAccepted(id: receipt.id, chain: receipt.chain, source: change.source, dedupeKey: key, protected: isProtected),
            status: receipt.created ? .created : .ok, headers: [.location: "/api/v1/changes/\(receipt.id)"])
    }
}

extension NewChange {
    init(_ submission: ChangeSubmission) {
        self.init(
            source: submission.source ?? "api", project: submission.project, repository: submission.repository, branch: submission.branch,
            revision: submission.revision, author: submission.author ?? "", comments: submission.comments ?? "",
            files: submission.files ?? [], category: submission.category ?? "", when: submission.when, properties: submission.properties ?? [:],
            dedupeKey: submission.dedupeKey)
    }
}
