import Synchronization
import Wire

/// The places for those who wait for an answer: a connection that waits costs memory, so there is a most.
public final class WaitRoom: Sendable {
    private struct State {
        var count = 0
        var byClient: [String: Int] = [:]
    }

    private let most: Int
    /// One client leaves room for others.
    private let mostOfOne: Int
    private let state = Mutex(State())

    public init(most: Int) {
        self.most = most
        mostOfOne = max(1, most / 10)
    }

    public var count: Int { state.withLock { $0.count } }

    /// Runs what waits.
    ///
    /// - Parameter client: who waits, by token or address.
    /// - Throws: `Problem` 503 when all places are taken, 429 when the client has its share of them.
    public func within<Value>(of client: String, _ body: () async throws -> Value) async throws -> Value {
        try state.withLock { state in
            guard state.count < most else { throw Problem.unavailable("\(most) calls wait already; ask again without wait, or later") }
            guard state.byClient[client, default: 0] < mostOfOne else {
                throw Problem.tooMany("\(mostOfOne) calls of yours wait already: let one of them end first")
            }
            state.count += 1
            state.byClient[client, default: 0] += 1
        }
        defer {
            state.withLock { state in
                state.count -= 1
                state.byClient[client] = state.byClient[client].flatMap { $0 > 1 ? $0 - 1 : nil }
            }
        }
        return try await body()
    }
}
