import Signals
import TestSupport

/// A pass that a test holds in its hands: it sees each one start, and says how it ends.
final class ManualPass: Sendable {
    struct Trouble: Error, CustomStringConvertible {
        var description: String { "the disk is full" }
    }

    private struct State {
        var started = 0
        var running: CheckedContinuation<NextWake?, any Error>?
    }
    private let state = Watched(State())

    var started: Int { state.value.started }

    func run() async throws -> NextWake? {
        try await withCheckedThrowingContinuation { continuation in
            state.change { state in
                state.started += 1
                state.running = continuation
            }
        }
    }

    /// Returns once this many passes have started.
    func started(_ count: Int) async {
        await state.wait { $0.started >= count }
    }

    func finish(_ next: NextWake? = nil) {
        take()?.resume(returning: next)
    }

    func fail(_ error: any Error = Trouble()) {
        take()?.resume(throwing: error)
    }

    private func take() -> CheckedContinuation<NextWake?, any Error>? {
        state.change { state in
            defer { state.running = nil }
            return state.running
        }
    }
}
