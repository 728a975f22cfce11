import Domain

extension TokenRow {
    /// The columns that `init(stored:)` reads, in its order, of `tokens`.
    package static let columns = "id, name, role, projects, workers, expires, created, created_by, revoked, used"

    package init(stored row: some StoredRow) throws {
        self.init(
            id: TokenID(row.int64(0)), grant: try TokenGrant(stored: row, from: 1), created: row.time(6), by: row.string(7),
            revoked: row.optionalTime(8), used: row.optionalTime(9))
    }
}

extension AccessState.Token {
    /// The columns that `init(stored:)` reads, in its order, of `tokens`.
    package static let columns = "id, name, role, projects, workers, expires, hash, parent"

    package init(stored row: some StoredRow, from first: Int = 0) throws {
        self.init(
            id: TokenID(row.int64(first)), grant: try TokenGrant(stored: row, from: first + 1), hash: row.string(first + 6),
            parent: row.optionalInt64(first + 7).map { TokenID($0) })
    }
}

extension TokenGrant {
    /// Columns from `first`: name, role, projects, workers, expires.
    fileprivate init(stored row: some StoredRow, from first: Int) throws {
        guard let role = AccessRole(rawValue: row.string(first + 1)) else { throw StoreError.internalError("a token has an unknown role") }
        self.init(
            name: row.string(first), role: role, projects: try row.optionalString(first + 2).map { try JSONText.decode([String].self, $0) },
            workers: row.optionalString(first + 3), expires: row.optionalTime(first + 4))
    }
}

extension AuditRow {
    /// The columns that `init(stored:)` reads, in its order, of `audit`.
    package static let columns = "id, at, principal, token, action, detail, target_kind, target_id, project"

    package init(stored row: some StoredRow) {
        self.init(
            id: AuditID(row.int64(0)), time: row.time(1),
            note: AuditNote(
                principal: row.string(2), token: row.optionalInt64(3).map { TokenID($0) }, action: row.string(4), detail: row.string(5)),
            target: AuditTarget(row.string(6), row.string(7), project: row.optionalString(8)))
    }
}
