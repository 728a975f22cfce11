import Domain

/// The body of `POST /api/v1/tokens`.
public struct TokenBody: Sendable, Codable {
    public var name: String
    public var role: AccessRole
    public var projects: [String]?
    public var workers: String?
    public var expires: Timestamp?

    public init(name: String, role: AccessRole, projects: [String]? = nil, workers: String? = nil, expires: Timestamp? = nil) {
        self.name = name
        self.role = role
        self.projects = projects
        self.workers = workers
        self.expires = expires
    }

    public var grant: TokenGrant { TokenGrant(name: name, role: role, projects: projects, workers: workers, expires: expires) }
}

extension TokenBody: StrictDocument {
    public static let fieldNames: Set = ["name", "role", "projects", "workers", "expires"]
}

/// A token as the API shows it; the secret is in the answer that made it, and nowhere else.
public struct TokenDocument: Sendable, Encodable {
    public var id: TokenID
    public var name: String
    public var role: AccessRole
    public var projects: [String]?
    public var workers: String?
    public var created: Timestamp
    public var by: String
    public var expires: Timestamp?
    public var revoked: Timestamp?
    public var used: Timestamp?
    public var token: String?

    public init(id: TokenID, grant: TokenGrant, created: Timestamp, by: String, revoked: Timestamp?, used: Timestamp?, token: String? = nil) {
        self.id = id
        name = grant.name
        role = grant.role
        projects = grant.projects
        workers = grant.workers
        expires = grant.expires
        self.created = created
        self.by = by
        self.revoked = revoked
        self.used = used
        self.token = token
    }
}

/// The body of `POST /sign-in`.
public struct SignInBody: Sendable, Codable {
    public var token: String
}

extension SignInBody: StrictDocument {
    public static let fieldNames: Set = ["token"]
}

public struct SignInAnswer: Sendable, Encodable {
    public var name: String

    public init(name: String) {
        self.name = name
    }
}

/// Who changed what.
public struct AuditDocument: Sendable, Encodable {
    public struct Target: Sendable, Encodable {
        public var kind: String
        public var id: String

        public init(kind: String, id: String) {
            self.kind = kind
            self.id = id
        }
    }

    public var id: AuditID
    public var time: Timestamp
    public var principal: String
    public var token: TokenID?
    public var action: String
    public var target: Target
    public var project: String?
    public var detail: String

    public init(
        id: AuditID, time: Timestamp, principal: String, token: TokenID?, action: String, target: Target, project: String?, detail: String
    ) {
        self.id = id
        self.time = time
        self.principal = principal
        self.token = token
        self.action = action
        self.target = target
        self.project = project
        self.detail = detail
    }
}
