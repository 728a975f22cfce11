import Domain
import Foundation
import Storage
import Synchronization

/// The machine's time, without its jumps: it never goes back, and when somebody sets the machine's clock it follows slowly, so that no lease ends early
/// and no quiet time fires late because of it.
public final class SystemStoreClock: StoreClock {
    /// The share of elapsed time by which it may run faster or slower to catch up.
    static let slew: Int64 = 8

    private struct State {
        var steady: Int64
        var told: Int64
    }
    private let wall: @Sendable () -> Int64
    private let steady: @Sendable () -> Int64
    private let state: Mutex<State>

    public convenience init() {
        self.init(wall: { Self.microseconds(CLOCK_REALTIME) }, steady: { Self.microseconds(CLOCK_BOOTTIME) })
    }

    /// Both clocks in microseconds.
    init(wall: @escaping @Sendable () -> Int64, steady: @escaping @Sendable () -> Int64) {
        self.wall = wall
        self.steady = steady
        state = Mutex(State(steady: steady(), told: wall()))
    }

    public func now() -> Timestamp {
        state.withLock { state in
            let tick = steady()
            let elapsed = max(0, tick - state.steady)
            let expected = state.told + elapsed
            let correction = max(-elapsed / Self.slew, min(elapsed / Self.slew, wall() - expected))
            // Calls closer together than the slew's resolution would never catch up: time that earned no correction is left to earn one.
            guard elapsed >= Self.slew else { return Timestamp(microseconds: expected) }
            state.steady = tick
            state.told = expected + correction
            return Timestamp(microseconds: state.told)
        }
    }

    private static func microseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
