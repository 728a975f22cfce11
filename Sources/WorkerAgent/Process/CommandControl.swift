import Glibc
import Synchronization

/// Ends one command from outside; it may be asked before the command runs and after it ended.
final class CommandControl: Sendable {
    private struct State {
        /// The guard's lifeline while the command runs; the thread of the command closes it.
        var lifeline: Int32 = -1
        var asked: Interruption?
        var kill = false
        /// Of what waits and runs no command.
        var told: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// The first reason is the one that counts; `kill` spares the grace and may follow later.
    func interrupt(_ reason: Interruption, kill: Bool = false) {
        let told = state.withLock { state in
            if state.asked == nil { state.asked = reason }
            state.kill = state.kill || kill
            Self.send(state)
            return state.told
        }
        told?()
    }

    /// Calls `told` when the end is asked for; at once when it was.
    func whenInterrupted(_ told: @escaping @Sendable () -> Void) {
        let isAsked = state.withLock { state in
            state.told = told
            return state.asked != nil
        }
        if isAsked { told() }
    }

    var interruption: Interruption? { state.withLock { $0.asked } }

    /// The command runs: what was asked before is passed on now.
    func attach(lifeline: Int32) {
        state.withLock { state in
            state.lifeline = lifeline
            if state.asked != nil { Self.send(state) }
        }
    }

    /// The command is gone; the caller may close the lifeline after this.
    func detach() {
        state.withLock { $0.lifeline = -1 }
    }

    private static func send(_ state: State) {
        guard state.lifeline >= 0 else { return }
        var byte: UInt8 = state.kill ? 0x4B : 0x54
        // A full pipe already holds the request, and a guard that is gone needs none.
        _ = write(state.lifeline, &byte, 1)
    }
}
