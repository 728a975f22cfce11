import Signals
import TestSupport

/// A pass that sees, at its start, how many stamps were given before it.
final class StampedPass: Sendable {
    private struct State {
        var given = 0
        var seen = 0
        var isRunning = false
        var overlaps = 0
    }
    private let state = Watched(State())

    var overlaps: Int { state.value.overlaps }

    func stamp() -> Int {
        state.change { state in
            state.given += 1
            return state.given
        }
    }

    func run() async -> NextWake? {
        let stamp = state.change { state in
            if state.isRunning { state.overlaps += 1 }
            state.isRunning = true
            return state.given
        }
        await Task.yield()
        state.change { state in
            state.isRunning = false
            state.seen = stamp
        }
        return nil
    }

    /// Returns once a pass that started after this stamp was given has ended.
    func saw(_ stamp: Int) async {
        await state.wait { $0.seen >= stamp }
    }
}
