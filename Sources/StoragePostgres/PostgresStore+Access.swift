import Domain
import Storage

extension PostgresStore: TokenStore {
    public func createToken(_ new: NewToken, audit: AuditNote?) async throws -> TokenRow {
        try await write("making a token") { try $0.createToken(new, audit: audit) }
    }

    public func revokeToken(_ id: TokenID, audit: AuditNote?) async throws -> TokenRow? {
        try await write("revoking token \(id)") { try $0.revokeToken(id, audit: audit) }
    }

    public func tokens(_ query: PageQuery<TokenFields>) async throws -> [TokenRow] {
        let clock = clockArgument
        return try await read("listing tokens") { sql in
            var page = PostgresPage(ascending: query.ascending, limit: query.limit)
            // The ids from one end.
            page.add("parent IS NULL")
            if let live = query.fields.live {
                let now = try sql.first("SELECT coalesce($1, \(Self.clock))", [clock])?.int64(0) ?? 0
                page.add(
                    live ? "revoked IS NULL AND (expires IS NULL OR expires > ?)" : "(revoked IS NOT NULL OR expires <= ?)", .integer(now))
            }
            try page.add(query.times, of: .tokens, sql)
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            return try page.rows(sql, "SELECT \(TokenRow.columns) FROM tokens", orderedBy: ["id"]).map { try TokenRow(stored: $0) }
        }
    }

    public func accessState() async throws -> AccessState {
        // One statement, so that the version is that of the tokens. Index: tokens_live.
        try await pool.single(
            "reading tokens",
            """
            SELECT a.version, t.* FROM access a LEFT JOIN (
                SELECT \(AccessState.Token.columns) FROM tokens WHERE revoked IS NULL AND (expires IS NULL OR expires > coalesce($1, \(Self.clock)))
            ) t ON true WHERE a.one = 1 ORDER BY t.id
            """, [clockArgument]
        ) { rows in
            AccessState(
                version: rows.first?.int64(0) ?? 0,
                tokens: try rows.filter { $0.optionalInt64(1) != nil }.map { try AccessState.Token(stored: $0, from: 1) })
        }
    }

    public func noteTokenUses(_ uses: [TokenID: Timestamp]) async throws {
        guard !uses.isEmpty else { return }
        let ordered = uses.sorted { $0.key < $1.key }
        // Locked in order, whoever else notes the same.
        try await pool.single(
            "noting the use of tokens",
            """
            UPDATE tokens SET used = u.at FROM (
                SELECT t.id, j.at FROM unnest($1::bigint[], $2::bigint[]) AS j (id, at) JOIN tokens t ON t.id = j.id
                WHERE t.used IS NULL OR t.used <= j.at - 60000000 ORDER BY t.id FOR NO KEY UPDATE OF t) u
            WHERE tokens.id = u.id
            """,
            [.integers(ordered.map(\.key.rawValue)), .integers(ordered.map(\.value.microseconds))])
    }
}

extension PostgresStore: AuditStore {
    public func auditEntries(_ query: PageQuery<AuditFields>) async throws -> [AuditRow] {
        try await read("reading the audit") { sql in
            var page = PostgresPage(ascending: query.ascending, limit: query.limit)
            let fields = query.fields
            // Indexes: audit_target, audit_principal; otherwise the ids from one end.
            page.add("target_kind = ?", .text(fields.kind))
            page.add("target_id = ?", .text(fields.target))
            page.add("principal = ?", .text(fields.principal))
            page.add("action = ?", .text(fields.action))
            page.add("project = ?", .text(fields.project))
            try page.add(query.times, of: .audit, sql)
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            return try page.rows(sql, "SELECT \(AuditRow.columns) FROM audit", orderedBy: ["id"]).map { AuditRow(stored: $0) }
        }
    }
}

extension PostgresStoreTransaction: TokenTransaction {
    func write(_ note: AuditNote, target: AuditTarget) throws {
        let (statement, arguments) = try auditStatement(note, target: target)
        sql.later(statement, arguments)
    }

    func auditStatement(_ note: AuditNote, target: AuditTarget) throws -> (String, [PostgresValue]) {
        (
            """
            INSERT INTO audit (at, principal, token, action, detail, target_kind, target_id, project)
            VALUES (coalesce($1, \(PostgresStore.clock)), $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                store.clockArgument, .text(note.principal), .integer(note.token?.rawValue), .text(note.action), .text(note.detail),
                .text(target.kind), .text(target.id), .text(target.project),
            ]
        )
    }

    func raiseAccessVersion() throws { try sql.run("UPDATE access SET version = version + 1 WHERE one = 1") }

    func insert(_ new: NewToken) throws -> TokenID {
        let grant = new.grant
        let row = try sql.first(
            """
            INSERT INTO tokens (name, role, projects, workers, hash, parent, created, created_by, expires)
            VALUES ($1, $2, $3::json, $4, $5, $6, $7, $8, $9) RETURNING id
            """,
            [
                .text(grant.name), .text(grant.role.rawValue), .text(grant.projects.map { JSONText.encode($0) }), .text(grant.workers),
                .text(new.hash), .integer(new.parent?.rawValue), .integer(now.microseconds), .text(new.by), .integer(grant.expires?.microseconds),
            ])
        guard let row else { throw StoreError.internalError("a token was not made") }
        return TokenID(row.int64(0))
    }

    func tokenRow(_ id: TokenID) throws -> TokenRow? {
        try sql.first("SELECT \(TokenRow.columns) FROM tokens WHERE id = $1 FOR NO KEY UPDATE", [.integer(id.rawValue)])
            .map { try TokenRow(stored: $0) }
    }

    func endTokens(_ id: TokenID) throws {
        // Index: tokens_parent.
        try sql.later(
            "UPDATE tokens SET revoked = $2 WHERE (id = $1 OR parent = $1) AND revoked IS NULL", [.integer(id.rawValue), .integer(now.microseconds)])
    }

    func endOldPageSessions(of parent: TokenID, keeping count: Int) throws {
        try sql.later(
            """
            UPDATE tokens SET revoked = $1 WHERE parent = $2 AND revoked IS NULL
                AND id NOT IN (SELECT id FROM tokens WHERE parent = $2 AND revoked IS NULL ORDER BY id DESC LIMIT $3)
            """, [.integer(now.microseconds), .integer(parent.rawValue), .integer(count)])
        // Index: tokens_parent.
        try sql.later(
            "UPDATE tokens SET revoked = expires WHERE parent IS NOT NULL AND revoked IS NULL AND expires <= $1", [.integer(now.microseconds)])
    }
}
