import Synchronization

/// The port that the server listens on, known once it does.
final class BoundPort: Sendable {
    private struct State {
        var number: Int?
        var waiters: [CheckedContinuation<Int?, Never>] = []
        var cancelled = false
    }
    private let state = Mutex(State())

    var number: Int? { state.withLock { $0.number } }

    func set(_ number: Int) {
        let waiters = state.withLock { state in
            state.number = number
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: number) }
    }

    /// Waits for the server; nil when the waiting task was cancelled.
    func wait() async -> Int? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: Int?? = state.withLock { state in
                    if let number = state.number { return number }
                    if state.cancelled { return .some(nil) }
                    state.waiters.append(continuation)
                    return .none
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            let waiters = state.withLock { state in
                state.cancelled = true
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume(returning: nil) }
        }
    }
}
