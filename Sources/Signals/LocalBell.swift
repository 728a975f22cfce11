import Synchronization

/// The bell of one process: a ring calls the listeners before it returns, so it can be neither lost nor late. Beside a database that other processes
/// share, its health is `none`, for nothing carries rings to them.
public final class LocalBell: Doorbell {
    private struct State {
        var last: UInt64 = 0
        var listeners: [LoopName: [UInt64: @Sendable () -> Void]] = [:]
        var watchers: [UInt64: @Sendable (BellEvent) -> Void] = [:]

        mutating func number() -> UInt64 {
            last += 1
            return last
        }
    }
    private let state = Mutex(State())

    public let health: BellHealth

    public init(health: BellHealth = .healthy) {
        self.health = health
    }

    public func ring(_ loop: LoopName) {
        // Called outside the lock: a listener may ring in turn.
        guard let listeners = state.withLock({ $0.listeners[loop] }) else { return }
        for heard in listeners.values { heard() }
    }

    public func listen(to loop: LoopName, _ heard: @escaping @Sendable () -> Void) -> BellSubscription {
        let number = state.withLock { state in
            let number = state.number()
            state.listeners[loop, default: [:]][number] = heard
            return number
        }
        return BellSubscription { [weak self] in
            self?.state.withLock { _ = $0.listeners[loop]?.removeValue(forKey: number) }
        }
    }

    public func watch(_ told: @escaping @Sendable (BellEvent) -> Void) -> BellSubscription {
        let number = state.withLock { state in
            let number = state.number()
            state.watchers[number] = told
            return number
        }
        return BellSubscription { [weak self] in
            self?.state.withLock { _ = $0.watchers.removeValue(forKey: number) }
        }
    }

    public func announceReconnect() { tell(.reconnected) }

    /// Tells everybody who watches. A bell that carries rings to other processes tells its own process with it.
    package func tell(_ event: BellEvent) {
        for told in state.withLock({ $0.watchers }).values { told(event) }
    }
}
