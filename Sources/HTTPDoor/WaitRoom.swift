import Synchronization
import Wire

/// The places for those who wait for an answer: a connection that waits costs memory, so there is a most.
public final class WaitRoom: Sendable {
    private let most: Int
    private let taken = Mutex(0)

    public init(most: Int) {
        self.most = most
    }

    public var count: Int { taken.withLock { $0 } }

    /// Runs what waits; `Problem` 503 when all places are taken.
    public func within<Value>(_ body: () async throws -> Value) async throws -> Value {
        let isIn = taken.withLock { taken in
            guard taken < most else { return false }
            taken += 1
            return true
        }
        guard isIn else { throw Problem.unavailable("\(most) calls wait already; ask again without wait, or later") }
        defer { taken.withLock { $0 -= 1 } }
        return try await body()
    }
}
