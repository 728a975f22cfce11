import Foundation
import Synchronization

/// Lets a task that gives up end the statement that runs for it, and only that one. The connection is not used again after that.
final class PostgresInterrupt: Sendable {
    private struct State {
        var ticket: UInt64 = 0
        var running: PostgresCancel?
        var isInterrupted = false
    }
    private let state = Mutex(State())

    /// Something begins to run under the ticket.
    func begin(_ ticket: UInt64, _ cancel: PostgresCancel?) {
        state.withLock { $0 = State(ticket: ticket, running: cancel) }
    }

    /// It has ended; true when it was interrupted.
    func end() -> Bool {
        state.withLock { state in
            state.running = nil
            return state.isInterrupted
        }
    }

    /// Ends what runs under the ticket, or whatever runs.
    func interrupt(_ ticket: UInt64? = nil) {
        let running: PostgresCancel? = state.withLock { state in
            guard let running = state.running, !state.isInterrupted, ticket == nil || ticket == state.ticket else { return nil }
            state.isInterrupted = true
            return running
        }
        guard let running else { return }
        // It opens a connection of its own and blocks; it is rare.
        Thread.detachNewThread { running.send() }
    }
}
