/// What a token may do. The first four are a ladder: each may do what those before it may. A worker stands beside it.
public enum AccessRole: String, Hashable, Sendable, Codable, CaseIterable {
    case reader, submitter, `operator`, admin
    /// Opens sessions of workers, and reaches nothing else.
    case worker

    private var rung: Int {
        switch self {
        case .worker: 0
        case .reader: 1
        case .submitter: 2
        case .operator: 3
        case .admin: 4
        }
    }

    /// True when whoever has this role may do what the other one is needed for.
    public func covers(_ needed: AccessRole) -> Bool {
        self == .worker || needed == .worker ? self == needed : rung >= needed.rung
    }
}
