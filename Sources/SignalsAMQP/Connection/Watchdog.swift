import Foundation
import Synchronization

/// Shuts sockets whose thread is stuck in the library: publishing has no timeout of its own, and a broker that stops reading would hold it for ever.
///
/// One thread looks once a second while there are connections.
final class Watchdog: Sendable {
    static let shared = Watchdog()

    /// One connection's thread tells here when it goes into the library and when it comes back.
    final class Guard: Sendable {
        fileprivate let descriptor: Int32
        /// When the running call is overdue, in milliseconds of the watchdog's clock; 0 while none runs.
        private let due = Atomic<Int64>(0)
        private let hasBitten = Atomic<Bool>(false)

        fileprivate init(descriptor: Int32) {
            self.descriptor = descriptor
        }

        /// Whether the socket was shut because a call took too long.
        var isShut: Bool { hasBitten.load(ordering: .acquiring) }

        func enter(limit: Duration) {
            let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
            due.store(max(1, Watchdog.milliseconds + milliseconds), ordering: .releasing)
        }

        func leave() {
            due.store(0, ordering: .releasing)
        }

        fileprivate func look(at now: Int64) {
            let due = due.load(ordering: .acquiring)
            guard due != 0, due <= now, !hasBitten.exchange(true, ordering: .acquiringAndReleasing) else { return }
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }

    private struct State {
        var guards: [ObjectIdentifier: Guard] = [:]
        var isRunning = false
    }
    private let state = Mutex(State())
    private static let start = ContinuousClock.now

    private static var milliseconds: Int64 {
        let passed = start.duration(to: .now).components
        return passed.seconds * 1000 + passed.attoseconds / 1_000_000_000_000_000
    }

    func watch(_ descriptor: Int32) -> Guard {
        let new = Guard(descriptor: descriptor)
        let starts = state.withLock { state in
            state.guards[ObjectIdentifier(new)] = new
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if starts {
            let thread = Thread { self.run() }
            thread.name = "amqp watchdog"
            thread.start()
        }
        return new
    }

    /// To be called before the descriptor is closed: afterwards it may be somebody else's.
    func forget(_ old: Guard) {
        state.withLock { $0.guards[ObjectIdentifier(old)] = nil }
    }

    private func run() {
        while true {
            Thread.sleep(forTimeInterval: 1)
            let goesOn = state.withLock { state in
                let now = Self.milliseconds
                // Under the lock, so that no descriptor is closed and given away in between.
                for one in state.guards.values { one.look(at: now) }
                state.isRunning = !state.guards.isEmpty
                return state.isRunning
            }
            if !goesOn { return }
        }
    }
}
