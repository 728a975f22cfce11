import Domain

/// What a store says of tokens.
package protocol TokenTransaction: StoreTransaction {
    /// Raises the version of what tokens are judged by, and keeps whoever else changes it waiting.
    func raiseAccessVersion() throws
    func insert(_ new: NewToken) throws -> TokenID
    /// The row of a token; locked where several processes write.
    func tokenRow(_ id: TokenID) throws -> TokenRow?
    /// Ends a token and the sessions at the pages that stand for it, those that have not ended.
    func endTokens(_ id: TokenID) throws
    /// Ends sessions at the pages whose time is over, and of this token all but the newest ones.
    func endOldPageSessions(of parent: TokenID, keeping count: Int) throws
}

extension TokenTransaction {
    /// How many sessions at the pages one token has at once: every process keeps all of them in memory.
    package static var mostPageSessions: Int { 20 }

    package func createToken(_ new: NewToken, audit note: AuditNote?) throws -> TokenRow {
        try raiseAccessVersion()
        if let parent = new.parent {
            guard let row = try tokenRow(parent), row.revoked == nil else { throw StoreError.notFound("the token \(parent) is not good any more") }
            try endOldPageSessions(of: parent, keeping: Self.mostPageSessions - 1)
        }
        let id = try insert(new)
        if let note { try write(note, target: AuditTarget("token", new.parent ?? id)) }
        return TokenRow(id: id, grant: new.grant, created: try now, by: new.by, revoked: nil, used: nil)
    }

    package func revokeToken(_ id: TokenID, audit note: AuditNote?) throws -> TokenRow? {
        try raiseAccessVersion()
        guard var row = try tokenRow(id) else { return nil }
        guard row.revoked == nil else { return row }
        try endTokens(id)
        row.revoked = try now
        if let note { try write(note, target: AuditTarget("token", id)) }
        return row
    }
}
