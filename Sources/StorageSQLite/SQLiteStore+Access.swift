import Domain
import GRDB
import Storage

extension SQLiteStore: TokenStore {
    public func createToken(_ new: NewToken, audit: AuditNote?) async throws -> TokenRow {
        try await write("making a token") { try $0.createToken(new, audit: audit) }
    }

    public func revokeToken(_ id: TokenID, audit: AuditNote?) async throws -> TokenRow? {
        try await write("revoking token \(id)") { try $0.revokeToken(id, audit: audit) }
    }

    public func tokens(_ query: PageQuery<TokenFields>) async throws -> [TokenRow] {
        let now = clock.now().microseconds
        return try await read("listing tokens") { db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            // The ids from one end.
            page.add("parent IS NULL")
            switch query.fields.live {
            case true?: page.add("revoked IS NULL AND (expires IS NULL OR expires > ?)", now)
            case false?: page.add("(revoked IS NOT NULL OR expires <= ?)", now)
            case nil: break
            }
            try page.add(query.times, of: .tokens, db)
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            return try page.rows(db, "SELECT \(TokenRow.columns) FROM tokens", orderedBy: ["id"]).map { try TokenRow(stored: $0) }
        }
    }

    public func accessState() async throws -> AccessState {
        let now = clock.now().microseconds
        return try await read("reading tokens") { db in
            let version = try Int64.fetchOne(db.cachedStatement(sql: "SELECT version FROM access WHERE one = 1")) ?? 0
            // Index: tokens_live.
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(AccessState.Token.columns) FROM tokens WHERE revoked IS NULL AND (expires IS NULL OR expires > ?) ORDER BY id
                    """)
            return AccessState(
                version: version, tokens: try Row.fetchAll(statement, arguments: [now]).map { try AccessState.Token(stored: $0) })
        }
    }

    public func noteTokenUses(_ uses: [TokenID: Timestamp]) async throws {
        guard !uses.isEmpty else { return }
        try await write("noting the use of tokens") { transaction in
            for (id, time) in uses {
                try transaction.run(
                    "UPDATE tokens SET used = ?2 WHERE id = ?1 AND (used IS NULL OR used <= ?2 - 60000000)", [id.rawValue, time.microseconds])
            }
        }
    }
}

extension SQLiteStore: AuditStore {
    public func auditEntries(_ query: PageQuery<AuditFields>) async throws -> [AuditRow] {
        try await read("reading the audit") { db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: audit_target, audit_principal; otherwise the ids from one end.
            page.add("target_kind = ?", fields.kind)
            page.add("target_id = ?", fields.target)
            page.add("principal = ?", fields.principal)
            page.add("action = ?", fields.action)
            page.add("project = ?", fields.project)
            try page.add(query.times, of: .audit, db)
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            return try page.rows(db, "SELECT \(AuditRow.columns) FROM audit", orderedBy: ["id"]).map { AuditRow(stored: $0) }
        }
    }
}

extension SQLiteTransaction: TokenTransaction {
    func write(_ note: AuditNote, target: AuditTarget) throws {
        try run(
            "INSERT INTO audit (at, principal, token, action, detail, target_kind, target_id, project) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                now.microseconds, note.principal, note.token?.rawValue, note.action, note.detail, target.kind, target.id, target.project,
            ])
    }

    func raiseAccessVersion() throws { try run("UPDATE access SET version = version + 1 WHERE one = 1") }

    func insert(_ new: NewToken) throws -> TokenID {
        let grant = new.grant
        try run(
            """
            INSERT INTO tokens (name, role, projects, workers, hash, parent, created, created_by, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                grant.name, grant.role.rawValue, grant.projects.map { JSONText.encode($0) }, grant.workers, new.hash, new.parent?.rawValue,
                now.microseconds, new.by, grant.expires?.microseconds,
            ])
        return TokenID(db.lastInsertedRowID)
    }

    func tokenRow(_ id: TokenID) throws -> TokenRow? {
        try first("SELECT \(TokenRow.columns) FROM tokens WHERE id = ?", [id.rawValue]).map { try TokenRow(stored: $0) }
    }

    func endTokens(_ id: TokenID) throws {
        // Index: tokens_parent.
        try run("UPDATE tokens SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL", [id.rawValue, now.microseconds])
        try run("UPDATE tokens SET revoked = ?2 WHERE parent = ?1 AND revoked IS NULL", [id.rawValue, now.microseconds])
    }

    func endOldPageSessions(of parent: TokenID, keeping count: Int) throws {
        try run(
            """
            UPDATE tokens SET revoked = ?1 WHERE parent = ?2 AND revoked IS NULL
                AND id NOT IN (SELECT id FROM tokens WHERE parent = ?2 AND revoked IS NULL ORDER BY id DESC LIMIT ?3)
            """, [now.microseconds, parent.rawValue, count])
        // Index: tokens_parent.
        try run("UPDATE tokens SET revoked = expires WHERE parent IS NOT NULL AND revoked IS NULL AND expires <= ?", [now.microseconds])
    }
}
