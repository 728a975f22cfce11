/// Who asks, and what they may.
public struct Principal: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// Nobody has to say who they are: the server asks for no tokens.
        case everyone
        /// They did not say who they are, though they could have.
        case anonymous
        case token(TokenID)
        /// They signed in at the pages with the first token; the second stands for that session.
        case page(TokenID, session: TokenID)
    }

    public var kind: Kind
    /// For people, and for the audit.
    public var name: String
    /// Nil: nothing.
    public var role: AccessRole?
    /// Nil: every project.
    public var projects: Set<String>?
    /// Which workers may open sessions; nil: none.
    public var workers: Glob?

    public init(kind: Kind, name: String, role: AccessRole?, projects: Set<String>? = nil, workers: Glob? = nil) {
        self.kind = kind
        self.name = name
        self.role = role
        self.projects = projects
        self.workers = workers
    }

    /// Whoever reaches a server that asks for no tokens.
    public static let everyone = Principal(kind: .everyone, name: "anonymous", role: .admin, workers: Glob("*"))
    /// Whoever says nothing where tokens are asked for, and may do nothing.
    public static let nobody = Principal(kind: .anonymous, name: "anonymous", role: nil)
    /// The same where anybody may read.
    public static let anonymousReader = Principal(kind: .anonymous, name: "anonymous", role: .reader)

    /// The token that it came by.
    public var token: TokenID? {
        switch kind {
        case .everyone, .anonymous: nil
        case .token(let id), .page(let id, _): id
        }
    }

    /// Keeps what one may repeat apart from what others do (DESIGN §1, rule 6).
    public var key: String { token.map { "token \($0)" } ?? "anonymous" }

    /// True when the server knows who it is, so that nobody else's word counts.
    public var isKnown: Bool { token != nil }

    public var isBound: Bool { projects != nil }

    public func may(_ needed: AccessRole) -> Bool { role?.covers(needed) ?? false }

    /// Names are compared byte by byte, as the stores do.
    public func sees(_ project: String) -> Bool { projects?.contains { $0.utf8.elementsEqual(project.utf8) } ?? true }

    /// The projects that a list is bound to, in a fixed order; nil: none.
    public var scope: [String]? { projects?.sorted() }
}
