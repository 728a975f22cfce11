import Synchronization

/// State that tests wait on: whoever changes it wakes those whose condition has come true.
public final class Watched<State: Sendable>: Sendable {
    private struct Waiter {
        var condition: @Sendable (State) -> Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct Inner {
        var state: State
        var last = 0
        var waiters: [Int: Waiter] = [:]
    }
    private let inner: Mutex<Inner>

    public init(_ state: State) {
        inner = Mutex(Inner(state: state))
    }

    public var value: State { inner.withLock { $0.state } }

    public func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, woken) = inner.withLock { inner in
            let result = body(&inner.state)
            let woken = inner.waiters.filter { $0.value.condition(inner.state) }
            for number in woken.keys { inner.waiters[number] = nil }
            return (result, woken.values.map(\.continuation))
        }
        for continuation in woken { continuation.resume() }
        return result
    }

    /// Returns once the condition holds, or when the task is cancelled: a test that waits in vain runs into its time limit and fails.
    public func wait(until condition: @escaping @Sendable (State) -> Bool) async {
        let number = inner.withLock { inner in
            inner.last += 1
            return inner.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = inner.withLock { inner in
                    if condition(inner.state) { return true }
                    inner.waiters[number] = Waiter(condition: condition, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
                if Task.isCancelled { forget(number) }
            }
        } onCancel: {
            forget(number)
        }
    }

    private func forget(_ number: Int) {
        let waiter = inner.withLock { $0.waiters.removeValue(forKey: number) }
        waiter?.continuation.resume()
    }
}
