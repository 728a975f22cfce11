import Domain
import GRDB
import Storage

extension SQLiteStore: ControlStore {
    public func force(_ force: ForceRequest, idempotency: IdempotencyKey?) async throws -> ForceReceipt {
        try await write("forcing builder \(force.builder)") { transaction in
            try transaction.once(idempotency) {
                let plan = PlannedBuildset(
                    scheduler: "force", trigger: ChainID.random().rawValue, reason: force.reason,
                    stamp: SourceStamp(project: force.project, repository: force.repository, branch: force.branch, revision: force.revision),
                    changes: [], parents: [], builders: [force.builder], priority: force.priority,
                    properties: Properties(force.properties, source: "force"))
                return try transaction.byHand(NewBuildset(plan, newest: nil, byRule: false))
            }
        }
    }

    public func rebuild(_ build: BuildID, reason: String, idempotency: IdempotencyKey?) async throws -> ForceReceipt {
        try await write("building build \(build) again") { transaction in
            try transaction.once(idempotency) {
                let row = try transaction.first(
                    """
                    SELECT b.buildset, b.builder, s.author, s.comments, r.priority
                    FROM builds b JOIN buildsets s ON s.id = b.buildset JOIN requests r ON r.id = b.request WHERE b.id = ?
                    """,
                    [build.rawValue])
                guard let row else { throw StoreError.notFound("there is no build \(build)") }
                let context = try transaction.context(of: BuildsetID(row[0]))
                let builder: String = row[1]
                // The builder's own priority comes on top again.
                let own = transaction.applied?.configuration.builder(named: builder)?.priority ?? 0
                let plan = PlannedBuildset(
                    scheduler: "rebuild", trigger: ChainID.random().rawValue, reason: reason, stamp: context.stamp, changes: context.changes,
                    parents: [context.chain], builders: [builder], priority: row[4] - own, properties: context.properties)
                return try transaction.byHand(NewBuildset(plan, author: row[2], comments: row[3], byRule: false))
            }
        }
    }

    public func setPriority(_ request: RequestID, priority: Int) async throws {
        try await write("setting the priority of request \(request)") { transaction in
            let changed = try transaction.run(
                "UPDATE requests SET priority = ? WHERE id = ? AND phase <> 'finished'", [priority, request.rawValue])
            guard changed == 0 else { return }
            guard try transaction.value(Int.self, "SELECT 1 FROM requests WHERE id = ?", [request.rawValue]) != nil else {
                throw StoreError.notFound("there is no request \(request)")
            }
            throw StoreError.conflict("request \(request) is finished: its priority cannot be set any more")
        }
    }

    public func setWorkerPaused(_ worker: String, paused: Bool) async throws {
        try await write("\(paused ? "pausing" : "resuming") worker \(worker)") { transaction in
            let known = try transaction.value(Bool.self, "SELECT paused FROM workers WHERE name = ?", [worker])
            guard let known else { throw StoreError.notFound("there is no worker named \(worker)") }
            guard known != paused else { return }
            try transaction.run("UPDATE workers SET paused = ? WHERE name = ?", [paused, worker])
            // The event belongs to the worker's newest session: every worker has had one.
            let row = try transaction.first(
                "SELECT id, labels, slots, program_version FROM sessions WHERE worker = ? ORDER BY id DESC LIMIT 1", [worker])
            guard let row else { throw StoreError.internalError("worker \(worker) has no session") }
            let session = SessionID(row[0] as Int64)
            transaction.emit(
                EventDraft(
                    paused ? .workerPaused : .workerResumed, entity: .session, id: session.rawValue, chain: EventChain(id: .random()),
                    data: .worker(
                        WorkerFact(
                            worker: worker, session: session, labels: try JSONText.decode(Labels.self, row[1]), slots: row[2], version: row[3]))))
        }
    }
}

extension SQLiteTransaction {
    fileprivate func byHand(_ new: NewBuildset) throws -> ForceReceipt {
        guard let configuration = applied?.configuration else {
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
        return ForceReceipt(buildset: created.context.id, request: request, chain: created.context.chain, created: true)
    }
}
