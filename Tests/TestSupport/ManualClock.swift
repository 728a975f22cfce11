import Signals

/// A clock that stands still until a test moves it.
public final class ManualClock: LoopClock {
    public typealias Instant = ContinuousClock.Instant

    private struct Sleeper {
        var deadline: Instant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Instant
        var last = 0
        var sleepers: [Int: Sleeper] = [:]
    }

    public let start: Instant
    private let state: Watched<State>

    public init() {
        start = .now
        state = Watched(State(now: start))
    }

    public var now: Instant { state.value.now }
    public var minimumResolution: Duration { .zero }

    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = state.change { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isOver = state.change { state in
                    if deadline <= state.now { return true }
                    state.sleepers[number] = Sleeper(deadline: deadline, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
                if Task.isCancelled { wake(number) }
            }
        } onCancel: {
            wake(number)
        }
    }

    /// Moves time on and wakes everybody whose moment has come.
    public func advance(by duration: Duration) {
        let due = state.change { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Returns once somebody sleeps until exactly this moment.
    public func sleeper(until deadline: Instant) async {
        await state.wait { $0.sleepers.values.contains { $0.deadline == deadline } }
    }

    private func wake(_ number: Int) {
        let sleeper = state.change { $0.sleepers.removeValue(forKey: number) }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
