import Domain

/// Who may do what: tokens, of which only hashes are kept.
public protocol TokenStore: Sendable {
    /// Keeps a new token; the number in it is the row's. With a parent it stands for a session at the pages, and ends with that token too.
    func createToken(_ new: NewToken, audit: AuditNote?) async throws -> TokenRow
    /// Ends a token for good, and what was signed in with it. Idempotent; nil when there is none of that number.
    func revokeToken(_ id: TokenID, audit: AuditNote?) async throws -> TokenRow?
    /// Every token that was ever made, but sessions at the pages.
    func tokens(_ query: PageQuery<TokenFields>) async throws -> [TokenRow]
    /// All that tokens are judged by: one moment of it.
    func accessState() async throws -> AccessState
    /// Notes when tokens were used last; for each at most once a minute, however many processes say so.
    func noteTokenUses(_ uses: [TokenID: Timestamp]) async throws
}

public struct NewToken: Hashable, Sendable {
    public var grant: TokenGrant
    /// SHA-256 of its secret, in hexadecimal.
    public var hash: String
    public var parent: TokenID?
    /// Who makes it.
    public var by: String

    public init(_ grant: TokenGrant, hash: String, parent: TokenID? = nil, by: String) {
        self.grant = grant
        self.hash = hash
        self.parent = parent
        self.by = by
    }
}

public struct TokenFields: Hashable, Sendable {
    /// Neither revoked nor expired.
    public var live: Bool?
    public init() {}
}

/// A token in a list.
public struct TokenRow: Hashable, Sendable {
    public var id: TokenID
    public var grant: TokenGrant
    public var created: Timestamp
    public var by: String
    public var revoked: Timestamp?
    /// Within a minute or so.
    public var used: Timestamp?

    public init(id: TokenID, grant: TokenGrant, created: Timestamp, by: String, revoked: Timestamp?, used: Timestamp?) {
        self.id = id
        self.grant = grant
        self.created = created
        self.by = by
        self.revoked = revoked
        self.used = used
    }
}

/// The tokens that are good at a moment. `version` grows with every token that is made or ended.
public struct AccessState: Hashable, Sendable, Codable {
    public struct Token: Hashable, Sendable, Codable {
        public var id: TokenID
        public var grant: TokenGrant
        public var hash: String
        public var parent: TokenID?

        public init(id: TokenID, grant: TokenGrant, hash: String, parent: TokenID? = nil) {
            self.id = id
            self.grant = grant
            self.hash = hash
            self.parent = parent
        }
    }

    public var version: Int64
    public var tokens: [Token]

    public init(version: Int64, tokens: [Token]) {
        self.version = version
        self.tokens = tokens
    }
}
