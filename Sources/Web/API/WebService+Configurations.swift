import Domain
import HTTPDoor
import Hummingbird
import Storage
import Wire

extension ConfigurationBody: StrictDocument {}
extension RollbackBody: StrictDocument {}

/// The configuration in force and every one before it.
extension WebService {
    func addConfigurationRoutes(to router: DoorRouter) {
        router.get("/api/v1/config/revisions") { request, _ in
            let reading = try list(request, [], of: .revisionSummary)
            let query = try reading.parameters.page(RevisionFields())
            return try page(await store.revisions(beyond(query)), query, reading, id: \.id.rawValue, RevisionSummary.init)
        }
        router.get("/api/v1/config/revisions/{id}") { request, context in
            let reading = try Reading(request, of: .revision)
            // `current` is the one in force.
            let id = try context.text("id") == "current" ? try await revisionInForce() : try context.id("id")
            let kept = try await revision(id)
            return try reading.answer(RevisionDocument(summary: RevisionSummary(kept.row), configuration: kept.configuration))
        }
        router.get("/api/v1/config/diff") { request, _ in
            let reading = try Reading(request, known: ["from", "to"], of: .difference)
            return try reading.answer(
                try await difference(from: try reading.parameters.id("from"), to: try reading.parameters.id("to")))
        }
        router.post("/api/v1/config/reload") { request, context in
            _ = try await request.json(EmptyBody.self)
            return try answer(try await surroundings.reload(AuditNote(context.principal, "config.reload")))
        }
        router.post("/api/v1/config") { request, context in
            var body = try await request.json(ConfigurationBody.self, limit: ConfigurationBody.largest).document
            try body.check()
            try ControlText.check(expect: body.expect)
            body.by = context.principal.person(claimed: body.by)
            let named = body
            return try await following(body.expect) { try await surroundings.apply(named, AuditNote(context.principal, "config.apply")) }
        }
        router.post("/api/v1/config/rollback") { request, context in
            let body = try await request.json(RollbackBody.self).document
            try ControlText.check(by: body.by)
            try ControlText.check(expect: body.expect)
            let kept = try await revision(body.revision)
            let again = NewRevision(
                kept.configuration, digest: kept.row.digest, by: context.principal.person(claimed: body.by), restores: kept.row.id,
                expect: body.expect, audit: AuditNote(context.principal, "config.rollback", detail: "to revision \(kept.row.id)"))
            return try await following(body.expect) { try await surroundings.restore(again) }
        }
    }

    private typealias Applied = (changed: Bool, id: ConfigurationID?)

    private func answer(_ applied: Applied) throws -> Response { try Response.json(ReloadAnswer(changed: applied.changed, id: applied.id)) }

    private func following(_ expected: ConfigurationID?, _ apply: () async throws -> Applied) async throws -> Response {
        do {
            return try answer(try await apply())
        } catch StoreError.conflict(let text) where expected != nil {
            throw Problem(status: 409, code: "stale_configuration", title: "Another configuration is in force than expected", detail: text)
        }
    }

    private func revision(_ id: ConfigurationID) async throws -> KeptRevision {
        guard let kept = try await store.revision(id) else { throw Problem.notFound("there is no revision \(id) of the configuration") }
        return kept
    }

    private func revisionInForce() async throws -> ConfigurationID {
        guard let newest = try await store.revisions(PageQuery(RevisionFields(), limit: 1)).first else {
            throw Problem.notFound("no configuration was applied yet")
        }
        return newest.id
    }

    /// - Parameters:
    ///   - from: nil: the one before `to`.
    ///   - to: nil: the one in force.
    private func difference(from: ConfigurationID?, to: ConfigurationID?) async throws -> RevisionDifference {
        let to = if let to { to } else { try await revisionInForce() }
        let before = try await store.revisions(PageQuery(RevisionFields(), after: to.rawValue, limit: 1)).first?.id
        guard let from = from ?? before else {
            throw Problem.notFound("there is no revision before \(to) of the configuration: name one with `from`")
        }
        let (old, new) = (try await revision(from).configuration.written, try await revision(to).configuration.written)
        return RevisionDifference(
            from: from, to: to,
            difference: ConfigurationDifference(
                from: try JSONText.decode(JSONValue.self, JSONText.encode(old)), to: try JSONText.decode(JSONValue.self, JSONText.encode(new))))
    }
}

extension RevisionSummary {
    init(_ row: RevisionRow) {
        self.init(
            id: row.id, digest: row.digest, applied: row.applied, by: row.by, restores: row.restores,
            counts: Counts(sources: row.sources, schedulers: row.schedulers, builders: row.builders))
    }
}
