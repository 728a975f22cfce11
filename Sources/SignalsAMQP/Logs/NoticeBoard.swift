import Signals
import Synchronization

/// What the threads of log notices and their callers share: the notices that wait, and who listens.
final class NoticeBoard: Sendable {
    private struct State {
        var coalescer = NoticeCoalescer()
        var listeners: [UInt64: @Sendable (LogNotice) -> Void] = [:]
        var last: UInt64 = 0
    }

    /// Names this process in its notices and queues.
    let process: String
    private let state = Mutex(State())

    init(process: String) {
        self.process = process
    }

    /// Returns whether the publishing thread has to be told.
    func add(_ notice: LogNotice) -> Bool { state.withLock { $0.coalescer.add(notice) } }

    func take(limit: Int) -> [LogNotice] { state.withLock { $0.coalescer.take(at: .now, limit: limit) } }

    var nextDue: ContinuousClock.Instant? { state.withLock { $0.coalescer.nextDue(at: .now) } }

    func listen(_ heard: @escaping @Sendable (LogNotice) -> Void) -> BellSubscription {
        let number = state.withLock { state in
            state.last += 1
            state.listeners[state.last] = heard
            return state.last
        }
        return BellSubscription { [weak self] in self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) } }
    }

    func heard(_ notice: LogNotice) {
        for heard in state.withLock({ $0.listeners }).values { heard(notice) }
    }
}
