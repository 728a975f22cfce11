import Domain
import Storage
import Synchronization

/// The tokens of a test, and how often they were asked for. It may be away.
final class TokenBook: TokenStore {
    private struct State {
        var access = AccessState(version: 1, tokens: [])
        var reads = 0
        var isAway = false
        var uses: [[TokenID: Timestamp]] = []
    }

    private let state = Mutex(State())

    var reads: Int { state.withLock { $0.reads } }
    var uses: [[TokenID: Timestamp]] { state.withLock { $0.uses } }
    func set(away: Bool) { state.withLock { $0.isAway = away } }

    /// A token as its holder has it.
    @discardableResult
    func add(_ grant: TokenGrant, parent: TokenID? = nil) -> String {
        let secret = TokenText.randomSecret()
        return state.withLock { state in
            state.access.version += 1
            let id = TokenID(state.access.version)
            state.access.tokens.append(AccessState.Token(id: id, grant: grant, hash: TokenText.hash(of: secret), parent: parent))
            return TokenText(id: id, secret: secret).text
        }
    }

    func end(_ token: String) {
        let id = TokenText(token)?.id
        state.withLock { state in
            state.access.version += 1
            state.access.tokens.removeAll { $0.id == id }
        }
    }

    func accessState() async throws -> AccessState {
        try state.withLock { state in
            state.reads += 1
            if state.isAway { throw StoreError.unavailable("away") }
            return state.access
        }
    }

    func noteTokenUses(_ uses: [TokenID: Timestamp]) async throws { state.withLock { if !uses.isEmpty { $0.uses.append(uses) } } }
    func createToken(_ new: NewToken, audit: AuditNote?) async throws -> TokenRow { throw StoreError.internalError("not asked for here") }
    func revokeToken(_ id: TokenID, audit: AuditNote?) async throws -> TokenRow? { nil }
    func tokens(_ query: PageQuery<TokenFields>) async throws -> [TokenRow] { [] }
}
