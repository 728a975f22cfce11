import Domain
import Synchronization
import Wire

/// Sends the reports of all builds of a session, in order, as many at once as have gathered while the last call was under way.
///
/// A report stays in the queue until it is answered, and is repeated under its own key: dispatchers may come and go. The queue is short by nature,
/// for a build waits for its important answers; while nobody answers, a build adds two reports a step.
final class Reporter: Sendable {
    private struct Entry {
        var report: ReportDocument
        var continuation: CheckedContinuation<ReportAnswerDocument, any Error>?
    }

    private struct State {
        var queue: [Entry] = []
        var closed = false
    }

    private let client: DispatcherClient
    private let credentials: DispatcherClient.Credentials
    private let onAnswer: @Sendable (ReportDocument, ReportAnswerDocument) -> Void
    private let onControl: @Sendable ([ControlDocument]) -> Void
    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    /// `onAnswer` hears of every answer, before whoever waits for it does.
    init(
        client: DispatcherClient, credentials: DispatcherClient.Credentials,
        onAnswer: @escaping @Sendable (ReportDocument, ReportAnswerDocument) -> Void, onControl: @escaping @Sendable ([ControlDocument]) -> Void
    ) {
        self.client = client
        self.credentials = credentials
        self.onAnswer = onAnswer
        self.onControl = onControl
        (wake, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Sends a report whose answer only `onAnswer` hears.
    func post(_ report: ReportDocument) {
        let taken = state.withLock { state in
            if !state.closed { state.queue.append(Entry(report: report)) }
            return !state.closed
        }
        if taken { bell.yield() }
    }

    /// Sends a report and waits for its answer, for as long as the session lasts. Throws `CancellationError` when it ends first.
    func submit(_ report: ReportDocument) async throws -> ReportAnswerDocument {
        try await withCheckedThrowingContinuation { continuation in
            let taken = state.withLock { state in
                if !state.closed { state.queue.append(Entry(report: report, continuation: continuation)) }
                return !state.closed
            }
            if taken { bell.yield() } else { continuation.resume(throwing: CancellationError()) }
        }
    }

    /// Runs until the task is cancelled or the session is over, which it throws. Whoever still waits then is told so.
    func run() async throws {
        defer { close() }
        for await _ in wake {
            while true {
                let batch = state.withLock { $0.queue.prefix(WorkerProtocol.reportLimit).map(\.report) }
                if batch.isEmpty { break }
                settle(batch, try await send(batch))
            }
        }
        try Task.checkCancellation()
    }

    private func send(_ batch: [ReportDocument]) async throws -> ReportBatchAnswer {
        var backoff = Backoff()
        while true {
            do {
                let answer = try await client.report(ReportBatch(reports: batch), as: credentials)
                guard answer.answers.count == batch.count else {
                    throw DispatcherError.unavailable("\(batch.count) reports were answered with \(answer.answers.count) answers")
                }
                // Not judged: under their keys, all can be sent again.
                if let failed = answer.answers.first(where: { $0.status >= 500 }) {
                    throw DispatcherError.unavailable("\(failed.status): \(failed.detail ?? "a report was not judged")")
                }
                return answer
            } catch DispatcherError.unavailable {
                try await backoff.wait()
            }
        }
    }

    private func settle(_ batch: [ReportDocument], _ answer: ReportBatchAnswer) {
        let settled = state.withLock { state in
            defer { state.queue.removeFirst(batch.count) }
            return Array(state.queue.prefix(batch.count))
        }
        onControl(answer.control)
        for (entry, verdict) in zip(settled, answer.answers) {
            onAnswer(entry.report, verdict)
            entry.continuation?.resume(returning: verdict)
        }
    }

    private func close() {
        let left = state.withLock { state in
            state.closed = true
            defer { state.queue = [] }
            return state.queue
        }
        for entry in left { entry.continuation?.resume(throwing: CancellationError()) }
    }
}
