import Synchronization

/// Group commit: what is submitted while one batch is being processed goes together as the next. There is no timer, so a quiet system adds no wait.
public final class Combiner<Input: Sendable, Output: Sendable>: Sendable {
    /// Answers each submission of a batch, in order. An error thrown is the answer to all of them.
    public typealias Process = @Sendable ([Input]) async throws -> [Result<Output, any Error>]

    private struct Submission {
        var number: UInt64
        var input: Input
        var continuation: UnsafeContinuation<Output, any Error>
    }

    private struct State {
        var waiting: [Submission] = []
        var isDraining = false
        var statistics = CombinerStatistics()
    }

    private let what: String
    private let maximumBatch: Int
    private let maximumWaiting: Int
    private let process: Process
    private let numbers = Atomic<UInt64>(0)
    private let state = Mutex(State())

    /// - Parameter what: names the submissions in errors, in the plural.
    public init(what: String, maximumBatch: Int, maximumWaiting: Int, process: @escaping Process) {
        self.what = what
        self.maximumBatch = max(1, maximumBatch)
        self.maximumWaiting = max(1, maximumWaiting)
        self.process = process
    }

    public var statistics: CombinerStatistics { state.withLock { $0.statistics } }

    /// How many wait for their batch to begin.
    public var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Hands the input over with the next batch and returns its answer. Throws `Overloaded` when too many wait. Cancelled while it waits, the
    /// input is not handed over; cancelled later, it still gets its answer, for its batch cannot be undone.
    public func submit(_ input: Input) async throws -> Output {
        let number = numbers.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                enqueue(Submission(number: number, input: input, continuation: continuation))
                // The handler may have run before there was anything to withdraw.
                if Task.isCancelled { withdraw(number) }
            }
        } onCancel: {
            withdraw(number)
        }
    }

    private func enqueue(_ submission: Submission) {
        let (isTaken, startsDrain) = state.withLock { state in
            guard state.waiting.count < maximumWaiting else {
                state.statistics.refused += 1
                return (false, false)
            }
            state.waiting.append(submission)
            defer { state.isDraining = true }
            return (true, !state.isDraining)
        }
        guard isTaken else {
            submission.continuation.resume(throwing: Overloaded(what: what, waiting: maximumWaiting))
            return
        }
        // Detached: a batch belongs to many submitters, so it must not end with the first, nor carry its task-local values.
        if startsDrain { Task.detached { await self.drain() } }
    }

    private func withdraw(_ number: UInt64) {
        let submission = state.withLock { state in
            state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
        }
        submission?.continuation.resume(throwing: CancellationError())
    }

    private func drain() async {
        while let batch = nextBatch() {
            do {
                let answers = try await process(batch.map(\.input))
                guard answers.count == batch.count else {
                    throw CombinerMismatch(what: what, given: batch.count, answered: answers.count)
                }
                for (submission, answer) in zip(batch, answers) { submission.continuation.resume(with: answer) }
            } catch {
                for submission in batch { submission.continuation.resume(throwing: error) }
            }
        }
    }

    private func nextBatch() -> [Submission]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                return nil
            }
            let batch = Array(state.waiting.prefix(maximumBatch))
            state.waiting.removeFirst(batch.count)
            state.statistics.batches += 1
            state.statistics.processed += UInt64(batch.count)
            state.statistics.largestBatch = max(state.statistics.largestBatch, batch.count)
            return batch
        }
    }
}
