import Domain

/// Who changed what. Rows are written in the transaction of what they tell of, and are never changed or removed.
public protocol AuditStore: Sendable {
    func auditEntries(_ query: PageQuery<AuditFields>) async throws -> [AuditRow]
}

/// Who does something, for the audit.
public struct AuditNote: Hashable, Sendable {
    public var principal: String
    public var token: TokenID?
    public var action: String
    /// Short, for people; never a secret.
    public var detail: String

    public init(principal: String, token: TokenID?, action: String, detail: String = "") {
        self.principal = principal
        self.token = token
        self.action = action
        self.detail = detail
    }

    public init(_ principal: Principal, _ action: String, detail: String = "") {
        self.init(principal: principal.name, token: principal.token, action: action, detail: detail)
    }
}

/// What it was done to.
public struct AuditTarget: Hashable, Sendable {
    public var kind: String
    public var id: String
    public var project: String?

    public init(_ kind: String, _ id: some CustomStringConvertible, project: String? = nil) {
        self.kind = kind
        self.id = id.description
        self.project = project
    }
}

public struct AuditFields: Hashable, Sendable {
    public var principal: String?
    public var action: String?
    public var kind: String?
    public var target: String?
    public var project: String?
    public init() {}
}

public struct AuditRow: Hashable, Sendable {
    public var id: AuditID
    public var time: Timestamp
    public var note: AuditNote
    public var target: AuditTarget

    public init(id: AuditID, time: Timestamp, note: AuditNote, target: AuditTarget) {
        self.id = id
        self.time = time
        self.note = note
        self.target = target
    }
}
