import Domain

extension TokenStore {
    /// A new token with the text that its holder is given: it is nowhere else.
    public func makeToken(_ grant: TokenGrant, by principal: Principal, parent: TokenID? = nil) async throws -> (row: TokenRow, token: String) {
        let secret = TokenText.randomSecret()
        let detail = [
            grant.role.rawValue, grant.projects.map { "projects \($0.joined(separator: ", "))" }, grant.workers.map { "workers \($0)" },
            grant.expires.map { "until \($0)" },
        ].compactMap(\.self).joined(separator: "; ")
        let note =
            parent == nil
            ? AuditNote(principal, "token.create", detail: String("\(grant.name): \(detail)".prefix(1000))) : AuditNote(principal, "sign_in")
        let row = try await createToken(NewToken(grant, hash: TokenText.hash(of: secret), parent: parent, by: principal.name), audit: note)
        return (row, TokenText(id: row.id, secret: secret).text)
    }
}
