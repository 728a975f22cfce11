import Domain
import Foundation
import Signals
import Storage
import Synchronization
import Wire

/// Judges tokens from memory: it keeps all that are good, reads them again when it is told that they changed, and asks the store nothing for a call.
///
/// What it keeps is confirmed by each sweep of the process. Once the last word of the store is older than `freshness`, the next call waits for another; while
/// the store cannot be reached, what was known is good for `outage`: without it little can be done anyway, but an intake goes on spooling.
public final class AccessKeeper: Sendable {
    private struct State {
        var version: Int64 = 0
        var tokens: [TokenID: AccessState.Token] = [:]
        /// When what is kept was what the store has; nil before the first read.
        var confirmed: ContinuousClock.Instant?
        /// When the store was last asked.
        var asked: ContinuousClock.Instant?
        var reading: Task<Void, any Error>?
        /// Uses that the store was not told of yet, and when each token's was last noted here.
        var uses: [TokenID: Timestamp] = [:]
        var noted: [TokenID: ContinuousClock.Instant] = [:]
        /// The token of the worker in this process, which no store has.
        var own: AccessState.Token?

        mutating func take(_ access: AccessState, confirmed moment: ContinuousClock.Instant) {
            version = access.version
            tokens = Dictionary(access.tokens.map { ($0.id, $0) }) { first, _ in first }
            noted = noted.filter { tokens[$0.key] != nil }
            confirmed = max(confirmed ?? moment, moment)
        }

        /// A token with the one that it stands for; nil when either has ended.
        func find(_ id: TokenID) -> (token: AccessState.Token, parent: AccessState.Token?)? {
            if id.rawValue == 0 { return own.map { ($0, nil) } }
            guard let token = tokens[id] else { return nil }
            guard let number = token.parent else { return (token, nil) }
            return tokens[number].map { (token, $0) }
        }
    }

    /// How old the store's last word may be while it can be asked.
    public static let freshness: Duration = .seconds(120)
    /// How old it may be while the store is away.
    public static let outage: Duration = .seconds(24 * 3600)
    /// How often a token's use is noted.
    public static let notedEvery: Duration = .seconds(60)
    /// The store is asked because of what callers show at most this often: strangers may show anything.
    private static let pause: Duration = .seconds(1)

    public let mode: AccessMode
    private let store: (any TokenStore)?
    private let clock: any LoopClock
    private let patience: Duration
    private let state = Mutex(State())
    /// Rung when there is something to note; given its loop once that is made.
    public let loops = LoopGroup()

    /// - Parameters:
    ///   - store: nil where none was reached yet: only what `adopt` brings is known then.
    ///   - patience: how long a call waits for the store's word.
    public init(mode: AccessMode, store: (any TokenStore)?, patience: Duration = .seconds(3), clock: any LoopClock = ContinuousClock()) {
        self.mode = mode
        self.store = store
        self.patience = patience
        self.clock = clock
    }

    /// Asks for no tokens.
    public static let off = AccessKeeper(mode: .off, store: nil)

    public var isOn: Bool { mode != .off }
    public var version: Int64 { state.withLock { $0.version } }

    /// What is known, for an intake's own disk, and how old it is.
    public var known: (state: AccessState, age: Duration)? {
        let now = clock.now
        return state.withLock { state in
            state.confirmed.map { (AccessState(version: state.version, tokens: state.tokens.values.sorted { $0.id < $1.id }), $0.duration(to: now)) }
        }
    }

    /// Takes what an earlier start of an intake kept.
    public func adopt(_ access: AccessState, age: Duration) {
        let confirmed = clock.now.advanced(by: .zero - age)
        state.withLock { $0.take(access, confirmed: confirmed) }
    }

    /// A token for the worker of this name in this very process.
    public func ownToken(forWorker name: String) -> String {
        let token = TokenText(id: TokenID(0), secret: TokenText.randomSecret())
        state.withLock { state in
            state.own = AccessState.Token(id: token.id, grant: TokenGrant(name: name, role: .worker, workers: name), hash: token.hash)
        }
        return token.text
    }

    // MARK: What is known

    /// Reads what is good now, all that was committed before this call.
    public func refresh() async throws {
        // One that is under way may have begun before that; those that begin after it has ended did not.
        if let running = state.withLock({ $0.reading }) { _ = await running.result }
        try await read()
    }

    /// Calls at once share one read.
    private func read() async throws {
        guard let store else { throw StoreError.unavailable("the database has not been reached since the start") }
        let clock = clock
        let task = state.withLock { state in
            if let reading = state.reading { return reading }
            let began = clock.now
            state.asked = began
            let task = Task { [self] in
                defer { self.state.withLock { $0.reading = nil } }
                let access = try await store.accessState()
                self.state.withLock { $0.take(access, confirmed: began) }
            }
            state.reading = task
            return task
        }
        try await task.value
    }

    /// The store said at this moment that this is the version: false when what is kept is another.
    public func confirm(_ version: Int64, at moment: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            guard state.version == version, state.confirmed != nil else { return false }
            state.confirmed = max(state.confirmed ?? moment, moment)
            return true
        }
    }

    /// A pass of the loop `access`: reads what changed, and tells the store what was used. Returns when to tell more.
    public func pass() async throws -> NextWake? {
        guard isOn, let store else { return nil }
        try await refresh()
        let uses = state.withLock { state in
            defer { state.uses = [:] }
            return state.uses
        }
        do {
            try await store.noteTokenUses(uses)
        } catch {
            state.withLock { $0.uses.merge(uses) { newer, _ in newer } }
            throw error
        }
        return nil
    }

    // MARK: Judging

    /// Who shows this token.
    ///
    /// - Throws: 401 when it is not good, 503 when nobody can say.
    public func principal(showing text: String) async throws -> Principal {
        guard let token = TokenText(text) else { throw Self.refused }
        if isStale { try await askAgain() }
        if state.withLock({ $0.find(token.id) }) == nil, mayAsk {
            // It may be new: the ring that tells of it can be slower than whoever was given it.
            try? await askAgain()
        }
        guard let found = state.withLock({ $0.find(token.id) }), ConstantTime.isEqual(token.hash, found.token.hash) else { throw Self.refused }
        guard Self.isTimely(found.token), found.parent.map(Self.isTimely) ?? true else { throw Self.refused }
        note(found.parent?.id ?? found.token.id)
        return Self.principal(found.token, parent: found.parent)
    }

    /// False once the token behind it has ended: what is still being sent to its holder is to end.
    public func stillHolds(_ principal: Principal) -> Bool {
        switch principal.kind {
        case .everyone, .anonymous: true
        case .token(let id), .page(_, let id): isGood(id)
        }
    }

    /// True while the token of this number is good; what it proves was shown before.
    public func isGood(_ id: TokenID) -> Bool {
        guard let found = state.withLock({ $0.find(id) }) else { return false }
        return Self.isTimely(found.token) && found.parent.map(Self.isTimely) ?? true
    }

    /// Whether the token of this number, which was shown before, is good still; told only after a read that began after this call, unless it is known
    /// to be good. A process that has just started knows none yet, and a token that was made a moment ago may be news here.
    ///
    /// - Throws: 503 when nobody can say.
    public func holds(_ id: TokenID) async throws -> Bool {
        if isGood(id) {
            if isStale { try await askAgain() }
            return isGood(id)
        }
        guard id.rawValue > 0 else { return false }
        do {
            try await Bounded.run(within: patience) { try await self.refresh() }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw Self.unknown
        }
        return isGood(id)
    }

    private static let unknown = Problem.unavailable(
        "nobody can say at the moment which tokens are good: the database is away; try again")
    public static let refused = Problem.unauthorized("the token is not good here: it is unknown, expired or revoked")

    private static func principal(_ token: AccessState.Token, parent: AccessState.Token?) -> Principal {
        let grant = parent?.grant ?? token.grant
        return Principal(
            kind: parent.map { .page($0.id, session: token.id) } ?? .token(token.id), name: grant.name, role: grant.role,
            projects: grant.projects.map(Set.init), workers: grant.workers.map { Glob($0) })
    }

    private static func isTimely(_ token: AccessState.Token) -> Bool {
        token.grant.expires.map { $0 > Timestamp(seconds: Date().timeIntervalSince1970) } ?? true
    }

    private var isStale: Bool {
        let now = clock.now
        return state.withLock { state in state.confirmed.map { $0.duration(to: now) > Self.freshness } ?? true }
    }

    private var mayAsk: Bool {
        let now = clock.now
        return state.withLock { state in
            guard let asked = state.asked else { return true }
            // One read that hangs is waited for by those who came with it, and by nobody who comes later.
            return state.reading != nil ? asked.duration(to: now) < patience : asked.duration(to: now) >= Self.pause
        }
    }

    private func askAgain() async throws {
        if mayAsk {
            do {
                try await Bounded.run(within: patience) { try await self.read() }
                return
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // What is known may be good enough.
            }
        }
        let now = clock.now
        let isGoodEnough = state.withLock { state in state.confirmed.map { $0.duration(to: now) <= Self.outage } ?? false }
        guard isGoodEnough else { throw Self.unknown }
    }

    private func note(_ id: TokenID) {
        guard id.rawValue > 0, store != nil else { return }
        let now = clock.now
        let isDue = state.withLock { state in
            guard state.noted[id].map({ $0.duration(to: now) >= Self.notedEvery }) ?? true else { return false }
            state.noted[id] = now
            state.uses[id] = Timestamp(seconds: Date().timeIntervalSince1970)
            return true
        }
        if isDue { loops.ring() }
    }
}
