import Signals
import Synchronization

/// A bell of one process whose health a test sets, as a broker's would change.
final class SettableBell: Doorbell {
    private struct State {
        var health = BellHealth.healthy
        var last = 0
        var watchers: [Int: @Sendable (BellEvent) -> Void] = [:]
    }
    private let state = Mutex(State())
    private let local = LocalBell()

    var health: BellHealth { state.withLock { $0.health } }

    func set(_ health: BellHealth) {
        let watchers = state.withLock { state in
            state.health = health
            return state.watchers
        }
        for told in watchers.values { told(.healthChanged(health)) }
    }

    func ring(_ loop: LoopName) { local.ring(loop) }

    func listen(to loop: LoopName, _ heard: @escaping @Sendable () -> Void) -> BellSubscription { local.listen(to: loop, heard) }

    func watch(_ told: @escaping @Sendable (BellEvent) -> Void) -> BellSubscription {
        let number = state.withLock { state in
            state.last += 1
            state.watchers[state.last] = told
            return state.last
        }
        return BellSubscription { [weak self] in self?.state.withLock { $0.watchers[number] = nil } }
    }

    func announceReconnect() {
        for told in state.withLock({ $0.watchers }).values { told(.reconnected) }
    }
}
