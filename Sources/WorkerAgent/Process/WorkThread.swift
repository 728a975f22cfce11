import Foundation
import Synchronization

/// A thread of its own for calls that block, one after the other, so that they never hold up the threads that tasks share.
final class WorkThread: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var stopped = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    init(name: String) {
        let thread = Thread { [self] in
            while true {
                wake.wait()
                let (jobs, stopped) = state.withLock { state in
                    defer { state.jobs = [] }
                    return (state.jobs, state.stopped)
                }
                for job in jobs { job() }
                if stopped { return }
            }
        }
        thread.name = name
        thread.start()
    }

    /// Runs `body` on the thread. Bounded by what callers wait for: each has at most one call under way.
    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let taken = state.withLock { state in
                if !state.stopped { state.jobs.append { continuation.resume(with: Swift.Result(catching: body)) } }
                return !state.stopped
            }
            guard taken else { return continuation.resume(throwing: CancellationError()) }
            wake.signal()
        }
    }

    /// Ends the thread after what was given to it before; what comes later is refused.
    func stop() {
        state.withLock { $0.stopped = true }
        wake.signal()
    }
}
