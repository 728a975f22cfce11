import Signals
import TestSupport

/// The batches of a combiner, each of which ends when the test says so; every number is its own answer.
final class ManualBatches: Sendable {
    private struct State {
        var seen: [[Int]] = []
        var running: CheckedContinuation<Void, Never>?
    }
    private let state = Watched(State())

    var seen: [[Int]] { state.value.seen }

    func combiner(maximumBatch: Int, maximumWaiting: Int = 1000) -> Combiner<Int, Int> {
        Combiner(what: "numbers", maximumBatch: maximumBatch, maximumWaiting: maximumWaiting) { batch in
            await self.hold(batch)
            return batch.map { .success($0) }
        }
    }

    private func hold(_ batch: [Int]) async {
        await withCheckedContinuation { continuation in
            state.change { state in
                state.seen.append(batch)
                state.running = continuation
            }
        }
    }

    /// Returns once this many batches have started.
    func started(_ count: Int) async {
        await state.wait { $0.seen.count >= count }
    }

    /// Returns once this many submissions wait: there is no signal for it, so it looks.
    func waiting(_ count: Int, at combiner: Combiner<Int, Int>) async {
        while combiner.waitingCount < count, !Task.isCancelled { await Task.yield() }
    }

    func finish() {
        let running = state.change { state in
            defer { state.running = nil }
            return state.running
        }
        running?.resume()
    }
}
