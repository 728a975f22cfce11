import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Storage
import Wire

extension TryBody: StrictDocument {}

extension WebService {
    /// The longest patch in Base64, and what stands around it.
    private static let tryLimit = TryRule.most / 3 * 4 + (1 << 20)

    func addTryRoutes(to router: DoorRouter) {
        router.post("/api/v1/try") { request, context in
            let body = try await request.json(TryBody.self, limit: Self.tryLimit)
            let key = try request.idempotencyKey(principal: context.principal.key, route: "try", bodyHash: body.sha256)
            let receipt: TryReceipt
            do {
                receipt = try await make(body.document, key, context.principal)
            } catch StoreError.conflict(let text) where key != nil {
                throw Problem(status: 422, code: "idempotency_key_reused", title: "The Idempotency-Key was used before", detail: text)
            }
            bell.ring(.dispatchMatch)
            bell.ring(.schedulingDeadlines)
            let requests = receipt.requests.map { TryAnswer.Request(builder: $0.builder, request: $0.request) }
            return try Response.json(
                TryAnswer(buildset: receipt.buildset, chain: receipt.chain, requests: requests), status: receipt.created ? .created : .ok)
        }
    }

    private func make(_ body: TryBody, _ key: IdempotencyKey?, _ principal: Principal) async throws -> TryReceipt {
        let new: TryRequest
        do {
            new = try await tryRequest(body, principal)
        } catch let refusal as Problem {
            // Judged by the configuration of now: what was made under this key by an earlier one stays made.
            guard let key, let known = try await store.tryReceipt(of: key) else { throw refusal }
            return known
        }
        return try await store.makeTry(new, idempotency: key, audit: AuditNote(principal, "try", detail: new.reason))
    }

    private func tryRequest(_ body: TryBody, _ principal: Principal) async throws -> TryRequest {
        guard let applied = surroundings.configuration() else { throw Problem.notFound("no configuration was applied yet") }
        var wrong: [FieldProblem] = []
        var limit = TryRule.most
        var properties = body.properties ?? [:]
        if body.builders.isEmpty || body.builders.count > 100 { wrong.append(FieldProblem("/builders", "expected 1 to 100 builders")) }
        for (place, name) in body.builders.prefix(100).enumerated() {
            guard let builder = applied.configuration.builder(named: name) else {
                wrong.append(FieldProblem("/builders/\(place)", "is no builder of the configuration"))
                continue
            }
            guard let rule = builder.tries else {
                wrong.append(FieldProblem("/builders/\(place)", "takes no patches: its configuration does not say \"try: true\""))
                continue
            }
            if !applied.configuration.codebases(ofBuilder: name).isEmpty {
                wrong.append(FieldProblem("/builders/\(place)", "builds several repositories: a patch is of one"))
            }
            limit = min(limit, rule.bytes)
            if let force = builder.force {
                let (given, problems) = force.properties(from: body.properties ?? [:])
                properties.merge(given) { _, new in new }
                wrong += problems
            }
        }
        if properties[PullProperty.untrusted] != nil {
            wrong.append(FieldProblem("/properties/\(PullProperty.untrusted)", "is set by Doorbell itself: expected another name"))
        }
        let patch = Data(base64Encoded: body.patch)
        switch patch {
        case nil: wrong.append(FieldProblem("/patch", "is not Base64"))
        case let patch? where patch.isEmpty: wrong.append(FieldProblem("/patch", "is empty: there is nothing to try"))
        case let patch? where patch.count > limit: wrong.append(FieldProblem("/patch", "has \(patch.count) bytes, expected at most \(limit)"))
        case _?: break
        }
        try ControlText.check(by: body.by)
        let by = principal.person(claimed: body.by)
        let (repository, branch) = try await place(repository: body.repository, branch: body.branch, of: applied.configuration, for: principal)
        wrong +=
            NewChange(
                project: applied.configuration.project, repository: repository, branch: branch, revision: body.revision, properties: properties
            ).problems
        guard wrong.isEmpty, let patch else {
            throw Problem.invalidFields(wrong.map { Problem.FieldError(pointer: $0.pointer, detail: $0.detail) })
        }
        return TryRequest(
            builders: body.builders, project: applied.configuration.project, repository: repository, branch: branch, revision: body.revision,
            patch: Array(patch), author: by ?? "",
            reason: try ControlText.reason(body.reason, otherwise: by.map { "try by \($0)" } ?? "try"),
            priority: try ControlText.priority(body.priority ?? 0), properties: properties)
    }
}
