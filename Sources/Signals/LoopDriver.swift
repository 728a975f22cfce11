import Logging
import ServiceLifecycle
import Synchronization

/// Does what `LoopMachine` says: runs the pass, waits for a ring or a moment, stops. One task runs it; rings come from any thread.
final class LoopDriver: Sendable {
    private struct Timer {
        var number: UInt64
        var deadline: ContinuousClock.Instant
        var task: Task<Void, Never>
    }

    private struct State {
        var machine: LoopMachine
        var statistics = LoopStatistics()
        var isStarted = false
        var waiter: UnsafeContinuation<Void, Never>?
        var timer: Timer?
        var timers: UInt64 = 0
    }

    private let label: String
    private let clock: any LoopClock
    private let backoff: Backoff
    private let random: @Sendable () -> Double
    private let logger: Logger
    private let pass: @Sendable () async throws -> NextWake?
    private let state: Mutex<State>

    init(
        label: String, firstPass: ContinuousClock.Instant? = nil, clock: any LoopClock, backoff: Backoff, random: @escaping @Sendable () -> Double,
        logger: Logger, pass: @escaping @Sendable () async throws -> NextWake?
    ) {
        self.label = label
        self.clock = clock
        self.backoff = backoff
        self.random = random
        self.logger = logger
        self.pass = pass
        state = Mutex(State(machine: LoopMachine(firstPass: firstPass)))
    }

    var statistics: LoopStatistics { state.withLock { $0.statistics } }

    func ring() {
        change { state in
            state.statistics.rings += 1
            state.machine.ring()
        }
    }

    func reconnected() {
        change { $0.machine.reconnected() }
    }

    /// Runs until the task is cancelled or the process shuts down gracefully; then the running pass finishes and this returns.
    func run() async throws {
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted
        }
        guard isFirst else { throw LoopAlreadyStarted(loop: label) }
        await withTaskCancellationOrGracefulShutdownHandler {
            await drive()
        } onCancelOrGracefulShutdown: {
            self.change { $0.machine.stop() }
        }
    }

    private func drive() async {
        while true {
            switch state.withLock({ $0.machine.next(at: clock.now) }) {
            case .run: await runPass()
            case .wait(let deadline): await wait(until: deadline)
            case .stop:
                state.withLock { $0.timer }?.task.cancel()
                return
            }
        }
    }

    private func runPass() async {
        state.withLock { $0.machine.began() }
        let start = clock.now
        do {
            let next = try await pass()
            let end = clock.now
            state.withLock { state in
                state.machine.returned(next)
                state.statistics.ended(after: start.duration(to: end), error: nil, failuresInARow: 0)
            }
            // A loop that has much to do lets the others have their turn.
            if next == .immediately { await Task.yield() }
        } catch {
            failed(error, start: start)
        }
    }

    private func failed(_ error: any Error, start: ContinuousClock.Instant) {
        let end = clock.now
        let cause = String(describing: error)
        let (delay, failures, isStopping) = state.withLock { state in
            let delay = state.machine.failed(at: end, backoff: backoff, random: random())
            state.statistics.ended(after: start.duration(to: end), error: cause, failuresInARow: state.machine.failures)
            return (delay, state.machine.failures, state.machine.isStopping)
        }
        // Told to stop at once, a pass that gives up has done what it should.
        if isStopping, error is CancellationError { return }
        logger.error(
            "a pass failed",
            metadata: [
                LogKey.loop: "\(label)", LogKey.error: "\(cause)", LogKey.failures: "\(failures)",
                LogKey.retryIn: "\(isStopping ? "never: stopping" : delay.description)",
            ])
    }

    /// Returns when there may be something to do: after a ring, at the moment given, or for no reason at all.
    private func wait(until deadline: ContinuousClock.Instant?) async {
        if let deadline { setTimer(deadline) }
        await withUnsafeContinuation { continuation in
            let isOver = state.withLock { state in
                guard case .wait(let deadline) = state.machine.next(at: clock.now) else { return true }
                // The timer has fired in between, or a ring changed what to wait for.
                if let deadline, state.timer.map({ $0.deadline > deadline }) ?? true { return true }
                state.waiter = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Makes sure that a timer fires at the deadline or before. An early one costs a look; a new one for each wait would cost a task.
    private func setTimer(_ deadline: ContinuousClock.Instant) {
        let (number, old) = state.withLock { state -> (UInt64?, Timer?) in
            if let timer = state.timer, timer.deadline <= deadline { return (nil, nil) }
            state.timers += 1
            defer { state.timer = nil }
            return (state.timers, state.timer)
        }
        old?.task.cancel()
        guard let number else { return }
        // Stored before it can fire: the task's first act needs the lock.
        state.withLock { state in
            let task = Task { [weak self, clock] in
                do {
                    try await clock.sleep(until: deadline, tolerance: nil)
                } catch {
                    return  // Cancelled: another timer has taken its place, or the loop has ended.
                }
                self?.fired(number)
            }
            state.timer = Timer(number: number, deadline: deadline, task: task)
        }
    }

    private func fired(_ number: UInt64) {
        change { state in
            if state.timer?.number == number { state.timer = nil }
        }
    }

    /// Changes the state and lets the driving task have a look at it.
    private func change(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
