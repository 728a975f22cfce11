/// What a loop does next: rings, returns and errors in, an action out. Pure; `LoopDriver` does what it says.
struct LoopMachine: Hashable, Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Action: Hashable, Sendable {
        case run
        /// Nothing to do before this moment, or before somebody rings.
        case wait(until: Instant?)
        case stop
    }

    private(set) var isRunning = false
    private(set) var isStopping = false
    /// A pass is asked for that has not started.
    private(set) var isRung: Bool
    /// When the last pass that returned wants the next.
    private(set) var wake: Instant?
    /// The end of the backoff.
    private(set) var notBefore: Instant?
    /// Failures in a row.
    private(set) var failures = 0

    /// A loop starts with a pass of its own, as if it had been rung, unless it is told when.
    init(firstPass: Instant? = nil) {
        isRung = firstPass == nil
        wake = firstPass
    }

    func next(at now: Instant) -> Action {
        if isRunning { return .wait(until: nil) }
        if isStopping { return .stop }
        guard let wanted = isRung ? now : wake else { return .wait(until: nil) }
        let due = max(wanted, notBefore ?? wanted)
        return due <= now ? .run : .wait(until: due)
    }

    mutating func ring() {
        isRung = true
    }

    /// What was failing has been mended: the wait is over, and the next failure is the first of its kind.
    mutating func reconnected() {
        isRung = true
        notBefore = nil
        failures = 0
    }

    mutating func stop() {
        isStopping = true
    }

    /// A pass starts. It answers every ring so far; those that come from now on ask for another.
    mutating func began() {
        isRunning = true
        isRung = false
        wake = nil
        notBefore = nil
    }

    mutating func returned(_ next: NextWake?) {
        isRunning = false
        failures = 0
        switch next {
        case nil: break
        case .immediately: isRung = true
        case .at(let instant): wake = instant
        }
    }

    /// A pass failed; returns how long the loop waits before it tries again.
    mutating func failed(at now: Instant, backoff: Backoff, random: Double) -> Duration {
        isRunning = false
        failures += 1
        let delay = backoff.delay(failures: failures, random: random)
        isRung = true
        notBefore = now.advanced(by: delay)
        return delay
    }
}
