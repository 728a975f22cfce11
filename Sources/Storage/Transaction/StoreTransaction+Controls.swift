import Domain

/// A request's row, as far as a cancel needs it.
package struct RequestRecord {
    package var buildset: BuildsetID
    package var builder: String
    package var phase: RequestPhase
    package var priority: Int
    package var attempts: Int
    package var cancelReason: String?
    /// The build of another request that answers it.
    package var answeredBy: BuildID?

    package init(
        buildset: BuildsetID, builder: String, phase: RequestPhase, priority: Int, attempts: Int, cancelReason: String?, answeredBy: BuildID?
    ) {
        self.buildset = buildset
        self.builder = builder
        self.phase = phase
        self.priority = priority
        self.attempts = attempts
        self.cancelReason = cancelReason
        self.answeredBy = answeredBy
    }
}

/// What a rebuild repeats of a build.
package struct RebuildRecord {
    package var buildset: BuildsetID
    package var builder: String
    package var author: String
    package var comments: String
    package var priority: Int

    package init(buildset: BuildsetID, builder: String, author: String, comments: String, priority: Int) {
        self.buildset = buildset
        self.builder = builder
        self.author = author
        self.comments = comments
        self.priority = priority
    }
}

/// What a store says for the controls of people.
package protocol ControlTransaction: StoreTransaction {
    /// Drops keys that are too old, and gives the body's hash and the answer of this one.
    func idempotentAnswer(_ key: IdempotencyKey, keptSince: Timestamp) throws -> (bodyHash: String, answer: String)?
    func remember(_ key: IdempotencyKey, answer: String) throws
    /// What the changes say of a build by hand; the revision is in small letters, and may be the beginning of one.
    func witness(repository: String, branch: String, revision: String?) throws -> HandWitness
    func rebuildRecord(_ build: BuildID) throws -> RebuildRecord?
    func requestRecord(_ request: RequestID) throws -> RequestRecord?
    /// Locks the buildsets of these requests, the requests, and the open builds that answer the latter ones, each by ascending number, where several
    /// processes write: whoever takes them one request after the other meets a batch of reports halfway.
    func lock(_ requests: [RequestID], buildsOf claimed: [RequestID]) throws
    func setCancelReason(_ request: RequestID, _ reason: String) throws
    /// The open build of a request, locked where several processes write: what is read after this of whom it answers stays so.
    func openBuild(of request: RequestID) throws -> BuildID?
    /// The same of a build; true when its own request has ended.
    func isOrphan(_ build: BuildID) throws -> Bool
    /// Asks for the end of an open build, with the first reason that was given.
    func cancelOpenBuild(_ build: BuildID, reason: String) throws -> BuildCancel?
    /// How many rows changed: 0 when the request has ended or is not there.
    func writePriority(_ request: RequestID, _ priority: Int) throws -> Int
}

private struct StoredReceipt: Codable {
    var buildset: BuildsetID
    var request: RequestID
    var chain: ChainID
}

extension ControlTransaction {
    /// Why nobody may trust what is built by hand; nil when somebody may.
    func distrust(repository: String, branch: String, revision: String?) throws -> String? {
        let revision = revision?.lowercased()
        return try witness(repository: repository, branch: branch, revision: revision).distrust(branch: branch, revision: revision)
    }

    package func force(_ force: ForceRequest, idempotency: IdempotencyKey?, audit: AuditNote? = nil) throws -> ForceReceipt {
        try once(idempotency) {
            var properties = Properties(force.properties, source: "force")
            let main = SourceStamp(
                project: force.project, repository: force.repository, branch: force.branch, revision: force.revision, codebase: force.codebase)
            for stamp in [main] + force.further {
                guard let source = try distrust(repository: stamp.repository, branch: stamp.branch, revision: stamp.revision) else { continue }
                properties[PullProperty.untrusted] = Property(true, source: source)
            }
            let plan = PlannedBuildset(
                scheduler: "force", trigger: ChainID.random().rawValue, reason: force.reason, stamp: main,
                changes: [], parents: [], builders: [force.builder] + force.others, priority: force.priority,
                properties: properties, further: force.further)
            return try byHand(NewBuildset(plan, newest: nil, byRule: false), audit)
        }
    }

    package func rebuild(_ build: BuildID, reason: String, idempotency: IdempotencyKey?, audit: AuditNote? = nil) throws -> ForceReceipt {
        try once(idempotency) {
            guard let record = try rebuildRecord(build) else { throw StoreError.notFound("there is no build \(build)") }
            let context = try context(of: record.buildset)
            // The builder's own priority comes on top again.
            let own = try currentConfiguration()?.configuration.builder(named: record.builder)?.priority ?? 0
            let plan = PlannedBuildset(
                scheduler: "rebuild", trigger: ChainID.random().rawValue, reason: reason, stamp: context.stamp, changes: context.changes,
                parents: [context.chain], builders: [record.builder], priority: record.priority - own, properties: context.properties,
                further: context.further)
            return try byHand(NewBuildset(plan, author: record.author, comments: record.comments, byRule: false), audit)
        }
    }

    package func prioritize(_ request: RequestID, _ priority: Int, audit: AuditNote? = nil) throws {
        guard try writePriority(request, priority) == 0 else {
            guard let audit, let record = try requestRecord(request) else { return }
            return try write(audit, target: AuditTarget("request", request, project: context(of: record.buildset).stamp.project))
        }
        guard try requestRecord(request) != nil else { throw StoreError.notFound("there is no request \(request)") }
        throw StoreError.conflict("request \(request) is finished: its priority cannot be set any more")
    }

    /// Does something once for each key, which is kept for seven days (DESIGN §1, rule 6): the same key again gets the first answer, the same key for
    /// something else is refused.
    private func once(_ key: IdempotencyKey?, _ body: () throws -> ForceReceipt) throws -> ForceReceipt {
        guard let key else { return try body() }
        if let known = try receipt(of: key) { return known }
        let receipt = try body()
        let answer = StoredReceipt(buildset: receipt.buildset, request: receipt.request, chain: receipt.chain)
        try remember(key, answer: try JSONText.encode(answer))
        return receipt
    }

    /// What was made under a key; nil when nothing was.
    package func receipt(of key: IdempotencyKey) throws -> ForceReceipt? {
        guard let known = try idempotentAnswer(key, keptSince: try now.advanced(by: .seconds(-7 * 86_400))) else { return nil }
        guard known.bodyHash == key.bodyHash else {
            throw StoreError.conflict("the idempotency key \(key.key) was used before, with another body: use a new key")
        }
        let answer = try JSONText.decode(StoredReceipt.self, known.answer)
        return ForceReceipt(buildset: answer.buildset, request: answer.request, chain: answer.chain, created: false)
    }

    private func byHand(_ new: NewBuildset, _ audit: AuditNote?) throws -> ForceReceipt {
        guard let configuration = try currentConfiguration()?.configuration else {
            throw StoreError.notFound("no configuration was applied yet, so there is no builder to build with")
        }
        let name = new.plan.builders.first ?? ""
        guard configuration.builder(named: name) != nil else {
            let known = configuration.builders.map(\.name).joined(separator: ", ")
            throw StoreError.notFound("there is no builder named \(name); the configuration has: \(known.isEmpty ? "none" : known)")
        }
        guard let created = try create(new, configuration: configuration), let request = created.requests.first else {
            throw StoreError.internalError("a buildset by hand was not made")
        }
        if let audit { try write(audit, target: AuditTarget("buildset", created.context.id, project: created.context.stamp.project)) }
        return ForceReceipt(buildset: created.context.id, request: request, chain: created.context.chain, created: true)
    }
}
