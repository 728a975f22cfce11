import Signals
import Synchronization

/// Between the thread of a feed and the task that judges its messages: one batch at a time.
final class FeedMailbox: Sendable {
    struct Batch: Sendable {
        /// Of which connection: what an earlier one delivered is delivered again, and not acknowledged by its old number.
        var connection: Int
        var messages: [FeedMessage]
        var tags: [UInt64]
    }

    struct Answer: Sendable {
        var batch: Batch
        var verdicts: [FeedVerdict]
    }

    private struct State {
        var answer: Answer?
        var isJudging = false
        var status = FeedStatus()
    }

    let batches: AsyncStream<Batch>
    private let sent: AsyncStream<Batch>.Continuation
    private let state = Mutex(State())

    init() {
        (batches, sent) = AsyncStream.makeStream(of: Batch.self)
    }

    var status: FeedStatus { state.withLock { $0.status } }

    func change(_ body: (inout FeedStatus) -> Void) { state.withLock { body(&$0.status) } }

    /// Whether another batch may be sent.
    var isFree: Bool { state.withLock { !$0.isJudging && $0.answer == nil } }

    func send(_ batch: Batch) {
        state.withLock { $0.isJudging = true }
        sent.yield(batch)
    }

    func answer(_ batch: Batch, _ verdicts: [FeedVerdict]) {
        state.withLock { state in
            state.isJudging = false
            state.answer = Answer(batch: batch, verdicts: verdicts)
        }
    }

    func takeAnswer() -> Answer? {
        state.withLock { state in
            defer { state.answer = nil }
            return state.answer
        }
    }

    func close() { sent.finish() }
}
