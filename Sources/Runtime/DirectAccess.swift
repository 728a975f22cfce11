import Domain
import Foundation
import Storage

/// Tokens by whoever has the database itself: the first one, and any when no server can be asked.
public struct DirectAccess: Sendable {
    private let settings: Settings

    public init(settings: Settings) {
        self.settings = settings
    }

    /// Who makes it, in the audit.
    private static var operatorName: String { "\(NSUserName())@\(ProcessInfo.processInfo.hostName), at the database" }

    public func create(_ grant: TokenGrant) async throws -> (row: TokenRow, token: String) {
        try await with { store, principal in try await store.makeToken(grant, by: principal) }
    }

    /// Nil when there is none of that number.
    public func revoke(_ id: TokenID) async throws -> TokenRow? {
        try await with { store, principal in try await store.revokeToken(id, audit: AuditNote(principal, "token.revoke")) }
    }

    /// The newest first; at most a thousand.
    public func list() async throws -> [TokenRow] {
        try await with { store, _ in try await store.tokens(PageQuery(TokenFields(), limit: 1000)) }
    }

    private func with<Result: Sendable>(_ body: (any Store, Principal) async throws -> Result) async throws -> Result {
        let opened = try await StoreFactory.open(settings, migrating: false)
        do {
            let result = try await body(opened.store, Principal(kind: .everyone, name: Self.operatorName, role: .admin))
            try await opened.store.close()
            return result
        } catch {
            try? await opened.store.close()
            throw error
        }
    }
}
