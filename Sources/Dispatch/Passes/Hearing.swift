import Domain
import Signals
import Storage
import Synchronization

/// What many dispatchers know together of their workers: each tells the store whom it hears, and the store says who has been silent everywhere and since
/// when anybody could have been heard.
final class Hearing: Sendable {
    typealias Send = @Sendable ([SessionID]) async throws -> BeatAnswer

    private let registry: SessionRegistry
    private let clock: any LoopClock
    private let period: Duration
    private let send: Send
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    init(registry: SessionRegistry, clock: any LoopClock, period: Duration, send: @escaping Send) {
        self.registry = registry
        self.clock = clock
        self.period = period
        self.send = send
    }

    /// Tells whom this dispatcher heard since it last told, in one call for all; learns whose sessions were ended elsewhere.
    func beat() async throws -> BeatAnswer {
        let now = clock.now
        let answer = try await send(registry.heard(since: last.withLock { $0 }))
        last.withLock { $0 = now }
        for session in answer.ended { registry.remove(session) }
        // Workers that moved to another dispatcher; one that comes back is looked up again.
        registry.forget(silentSince: now.advanced(by: .zero - period * 2))
        return answer
    }
}
