import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Storage
import Wire

/// Tokens, and who changed what.
extension WebService {
    func addAccessRoutes(to router: DoorRouter) {
        router.get("/api/v1/tokens") { request, _ in
            let reading = try list(request, ["live"], of: .token)
            let parameters = reading.parameters
            var fields = TokenFields()
            fields.live = parameters.text("live") == nil ? nil : try parameters.flag("live")
            let query = try parameters.page(fields)
            return try page(await store.tokens(beyond(query)), query, reading, id: \.id.rawValue) { TokenDocument($0) }
        }
        router.post("/api/v1/tokens") { request, context in
            let grant = try await request.json(TokenBody.self).document.grant
            let problems = grant.problems(now: Timestamp(seconds: Date().timeIntervalSince1970))
            guard problems.isEmpty else { throw Problem.invalidFields(problems.map { Problem.FieldError(pointer: $0.pointer, detail: $0.detail) }) }
            let (row, token) = try await store.makeToken(grant, by: context.principal)
            try await tellOfAccess()
            return try Response.json(TokenDocument(row, token: token), status: .created)
        }
        router.post("/api/v1/tokens/{id}/revoke") { request, context in
            let id: TokenID = try context.id("id")
            _ = try await request.json(EmptyBody.self)
            guard let row = try await store.revokeToken(id, audit: AuditNote(context.principal, "token.revoke")) else {
                throw Problem.notFound("there is no token \(id)")
            }
            try await tellOfAccess()
            return try Response.json(TokenDocument(row))
        }
        router.get("/api/v1/audit") { request, _ in
            let reading = try list(request, ["principal", "action", "kind", "target", "project"], of: .auditEntry)
            let parameters = reading.parameters
            var fields = AuditFields()
            fields.principal = parameters.text("principal")
            fields.action = parameters.text("action")
            fields.kind = parameters.text("kind")
            fields.target = parameters.text("target")
            fields.project = parameters.text("project")
            let query = try parameters.page(fields)
            return try page(await store.auditEntries(beyond(query)), query, reading, id: \.id.rawValue, AuditDocument.init)
        }
    }

    /// Here it is true when this returns; elsewhere when the ring is heard.
    func tellOfAccess() async throws {
        bell.ring(.access)
        if access.isOn { try await access.refresh() }
    }
}

extension TokenDocument {
    public init(_ row: TokenRow, token: String? = nil) {
        self.init(id: row.id, grant: row.grant, created: row.created, by: row.by, revoked: row.revoked, used: row.used, token: token)
    }
}

extension AuditDocument {
    init(_ row: AuditRow) {
        self.init(
            id: row.id, time: row.time, principal: row.note.principal, token: row.note.token, action: row.note.action,
            target: Target(kind: row.target.kind, id: row.target.id), project: row.target.project, detail: row.note.detail)
    }
}
