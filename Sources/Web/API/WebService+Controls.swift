import Domain
import HTTPDoor
import Hummingbird
import Storage
import Wire

extension ForceBody: StrictDocument {}
extension ReasonBody: StrictDocument {}
extension PriorityBody: StrictDocument {}
extension EmptyBody: StrictDocument {}

extension WebService {
    func addControlRoutes(to router: DoorRouter) {
        router.post("/api/v1/builders/{name}/force") { request, context in
            let name = try context.text("name")
            let body = try await request.json(ForceBody.self)
            let key = try request.idempotencyKey(principal: context.principal.key, route: "force \(name)", bodyHash: body.sha256)
            return try await once(key) {
                let force: ForceRequest
                do {
                    force = try await forceRequest(builder: name, body.document, by: context.principal)
                } catch let refusal as Problem {
                    // Judged by the configuration of now: what was made under this key by an earlier one stays made.
                    guard let key, let known = try await store.receipt(of: key) else { throw refusal }
                    return known
                }
                return try await store.force(force, idempotency: key, audit: AuditNote(context.principal, "force", detail: force.reason))
            }
        }
        router.post("/api/v1/builds/{id}/rebuild") { request, context in
            let id: BuildID = try context.id("id")
            let body = try await request.json(ReasonBody.self)
            let reason = try ControlText.reason(body.document.reason, otherwise: context.principal.reason("rebuild of build \(id)"))
            try await requireVisible(build: id, context.principal)
            let key = try request.idempotencyKey(principal: context.principal.key, route: "rebuild \(id)", bodyHash: body.sha256)
            return try await once(key) {
                try await store.rebuild(
                    id, reason: reason, idempotency: key, audit: AuditNote(context.principal, "rebuild", detail: "build \(id): \(reason)"))
            }
        }
        router.post("/api/v1/requests/{id}/cancel") { request, context in
            let id: Domain.RequestID = try context.id("id")
            let body = try await request.json(ReasonBody.self)
            let reason = try ControlText.reason(body.document.reason, otherwise: context.principal.reason("by hand"))
            try await requireVisible(request: id, context.principal)
            return try answer(try await store.cancelRequest(id, reason: reason, audit: AuditNote(context.principal, "cancel", detail: reason)))
        }
        router.post("/api/v1/builds/{id}/cancel") { request, context in
            let id: BuildID = try context.id("id")
            let body = try await request.json(ReasonBody.self)
            let reason = try ControlText.reason(body.document.reason, otherwise: context.principal.reason("by hand"))
            try await requireVisible(build: id, context.principal)
            let note = AuditNote(context.principal, "cancel", detail: "build \(id): \(reason)")
            return try answer(try await store.cancelBuild(id, reason: reason, audit: note))
        }
        router.post("/api/v1/requests/{id}/priority") { request, context in
            let id: Domain.RequestID = try context.id("id")
            let priority = try ControlText.priority(try await request.json(PriorityBody.self).document.priority)
            try await requireVisible(request: id, context.principal)
            try await store.setPriority(id, priority: priority, audit: AuditNote(context.principal, "priority", detail: "\(priority)"))
            bell.ring(.dispatchMatch)
            guard let row = try await store.request(id) else { throw Problem.notFound("there is no request \(id)") }
            return try Response.json(RequestDocument(row))
        }
        router.post("/api/v1/workers/{name}/pause") { request, context in try await setPaused(true, request, context) }
        router.post("/api/v1/workers/{name}/resume") { request, context in try await setPaused(false, request, context) }
    }

    private func setPaused(_ paused: Bool, _ request: Request, _ context: DoorContext) async throws -> Response {
        let name = try context.text("name")
        _ = try await request.json(EmptyBody.self)
        try await store.setWorkerPaused(name, paused: paused, audit: AuditNote(context.principal, paused ? "pause" : "resume"))
        bell.ring(.dispatchMatch)
        guard let worker = try await store.workers().first(where: { $0.name == name }) else {
            throw Problem.notFound("no worker of that name has connected")
        }
        return try Response.json(WorkerDocument(worker))
    }

    /// What a force or a rebuild made. Only a key that was used for something else can contradict what is there (DESIGN §1, rule 6).
    private func once(_ key: IdempotencyKey?, _ make: () async throws -> ForceReceipt) async throws -> Response {
        let receipt: ForceReceipt
        do {
            receipt = try await make()
        } catch StoreError.conflict(let text) where key != nil {
            throw Problem(status: 422, code: "idempotency_key_reused", title: "The Idempotency-Key was used before", detail: text)
        }
        bell.ring(.dispatchMatch)
        bell.ring(.schedulingDeadlines)
        return try Response.json(
            ForceAnswer(buildset: receipt.buildset, request: receipt.request, chain: receipt.chain), status: receipt.created ? .created : .ok)
    }

    private func answer(_ receipt: CancelReceipt) throws -> Response {
        // Its worker may be served by any dispatcher.
        if receipt.build != nil { bell.ring(.dispatchCancels) }
        bell.ring(.dispatchMatch)
        bell.ring(.schedulingCompletions)
        return try Response.json(CancelAnswer(phase: receipt.phase, build: receipt.build?.build))
    }

    /// Fills in what was not said from the newest change that the caller may see.
    func place(
        repository: String?, branch: String?, of configuration: Configuration, for principal: Principal
    ) async throws -> (repository: String, branch: String) {
        var repository = repository
        var branch = branch
        if repository == nil || branch == nil {
            var fields = ChangeFilterFields()
            // Of whichever project, where sources have projects of their own.
            fields.project = configuration.sourceProjects.isEmpty ? configuration.project : nil
            fields.projects = principal.scope
            fields.repository = repository
            fields.branch = branch
            let newest = try await store.changes(PageQuery(fields, limit: 1)).first?.content
            repository = repository ?? newest?.repository
            branch = branch ?? newest?.branch
        }
        guard let repository, let branch else {
            throw Problem.invalidFields(
                [("repository", repository), ("branch", branch)].filter { $0.1 == nil }.map {
                    Problem.FieldError(pointer: "/\($0.0)", detail: "there is no change yet to take it from: give it")
                })
        }
        return (repository, branch)
    }

    /// Fills in what was not said from the newest change, and checks what was.
    private func forceRequest(builder: String, _ body: ForceBody, by principal: Principal) async throws -> ForceRequest {
        guard let applied = surroundings.configuration(), let recipe = applied.configuration.builder(named: builder) else {
            throw Problem.notFound("the configuration has no builder of that name")
        }
        let codebases = applied.configuration.codebases(ofBuilder: builder)
        var problems = ForceStamps.problems(of: body, builder: builder, codebases)
        let stamps = ForceStamps.stamps(of: body, codebases, project: applied.configuration.project)
        let (repository, branch) = try await place(
            repository: stamps.first?.repository ?? body.repository, branch: stamps.first?.branch ?? body.branch, of: applied.configuration,
            for: principal)
        let revision = stamps.first?.revision ?? body.revision
        let (properties, wrong) = recipe.force?.properties(from: body.properties ?? [:]) ?? (body.properties ?? [:], [])
        // The same rules as for a change: a force is a door to the same checkout.
        problems += wrong
        if body.properties?[PullProperty.untrusted] != nil, recipe.force == nil {
            problems.append(FieldProblem("/properties/\(PullProperty.untrusted)", "is set by Doorbell itself: expected another name"))
        }
        if recipe.force?.reason == .required, body.reason?.allSatisfy(\.isWhitespace) ?? true {
            problems.append(FieldProblem("/reason", "is missing: this builder asks for one"))
        }
        problems +=
            NewChange(
                project: applied.configuration.project, repository: repository, branch: branch, revision: revision ?? "HEAD",
                properties: properties
            ).problems
        guard problems.isEmpty else { throw Problem.invalidFields(problems.map { Problem.FieldError(pointer: $0.pointer, detail: $0.detail) }) }
        return ForceRequest(
            builder: builder, project: applied.configuration.project, repository: repository, branch: branch, revision: revision,
            reason: try ControlText.reason(body.reason, otherwise: principal.reason("by hand")),
            priority: try ControlText.priority(body.priority ?? 0),
            properties: properties, codebase: stamps.first?.codebase ?? "", further: Array(stamps.dropFirst()))
    }
}
