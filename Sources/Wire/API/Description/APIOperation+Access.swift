import Domain

extension APIOperation {
    static let access: [APIOperation] = [
        .pages(
            "/tokens", "listTokens", "access", of: .token, "List tokens",
            filters: [.query("live", "`1`: only those that are good, `0`: only those that are not any more.", SchemaValue.yesOrNo)]),
        .write("/tokens", "makeToken", "access", .tokenBody, "Make a token", answers: [.json(201, .token, "It is shown this once.")]),
        .write(
            "/tokens/{id}/revoke", "revokeToken", "access", .emptyBody, "End a token", by: .id("token"), answers: [.json(.token, "The token.")]),
        .pages(
            "/audit", "listAudit", "access", of: .auditEntry, "List who changed what",
            filters: [
                .query("principal", "By whom."), .query("action", "What was done."), .query("kind", "To what kind of thing."),
                .query("target", "To which of them."), .query("project", "In this project."),
            ]),
    ]
}
