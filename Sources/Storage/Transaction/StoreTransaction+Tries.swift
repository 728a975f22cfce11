import Domain

/// What a store says for patches.
package protocol TryTransaction: ControlTransaction {
    /// Keeps a patch under its digest, and drops those that are older than this and that no open buildset needs.
    func keepPatch(_ id: String, _ bytes: [UInt8], droppingBefore oldest: Timestamp) throws
    func readPatch(_ id: String) throws -> [UInt8]?
}

extension TryTransaction {
    package func makeTry(_ new: TryRequest, idempotency: IdempotencyKey?, audit: AuditNote? = nil) throws -> TryReceipt {
        if let idempotency, let known = try tryReceipt(of: idempotency) { return known }
        guard let configuration = try currentConfiguration()?.configuration else {
            throw StoreError.notFound("no configuration was applied yet, so there is no builder to build with")
        }
        for name in new.builders where configuration.builder(named: name)?.tries == nil {
            throw StoreError.notFound("there is no builder named \(name) that takes patches")
        }
        let digest = SourceStamp.digest(ofPatch: new.patch)
        try keepPatch(digest, new.patch, droppingBefore: now.advanced(by: .zero - TryRule.kept))
        var properties = Properties(new.properties, source: "try")
        if let source = try distrust(repository: new.repository, branch: new.branch, revision: new.revision) {
            properties[PullProperty.untrusted] = Property(true, source: source)
        }
        let plan = PlannedBuildset(
            scheduler: "try", trigger: ChainID.random().rawValue, reason: new.reason,
            stamp: SourceStamp(project: new.project, repository: new.repository, branch: new.branch, revision: new.revision, patch: digest),
            changes: [], parents: [], builders: new.builders, priority: new.priority, properties: properties)
        let draft = NewBuildset(plan, author: new.author, comments: new.reason, byRule: false)
        guard let made = try create(draft, configuration: configuration), made.requests.count == Set(new.builders).count else {
            throw StoreError.internalError("a try was not made")
        }
        var names = Set<String>()
        let parts = zip(new.builders.filter { names.insert($0).inserted }, made.requests).map { TryReceipt.Part(builder: $0, request: $1) }
        let receipt = TryReceipt(buildset: made.context.id, chain: made.context.chain, requests: parts, created: true)
        if let audit { try write(audit, target: AuditTarget("buildset", receipt.buildset, project: new.project)) }
        if let idempotency { try remember(idempotency, answer: try JSONText.encode(receipt)) }
        return receipt
    }

    package func tryReceipt(of key: IdempotencyKey) throws -> TryReceipt? {
        guard let known = try idempotentAnswer(key, keptSince: try now.advanced(by: .seconds(-7 * 86_400))) else { return nil }
        guard known.bodyHash == key.bodyHash else {
            throw StoreError.conflict("the idempotency key \(key.key) was used before, with another body: use a new key")
        }
        var receipt = try JSONText.decode(TryReceipt.self, known.answer)
        receipt.created = false
        return receipt
    }

    package func patch(for call: StepCall) throws -> PatchVerdict {
        switch try hold(call) {
        case .notFound: return .notFound
        case .stale(let detail): return .stale(detail)
        case .invalid(let detail): return .invalid(detail)
        case .held(_, let assignment, let step):
            guard case .checkout = step.action, let id = assignment.stamp.patch else { return .invalid("step \(call.step) has no patch") }
            guard try isOpen(call, of: step) else {
                return .invalid("attempt \(call.attempt) of step \(call.step) is over, or none of its attempts")
            }
            guard let bytes = try readPatch(id) else {
                return .gone("the patch is not kept any more: it was made more than \(TryRule.kept.components.seconds / 86_400) days ago")
            }
            return .patch(bytes)
        }
    }
}
