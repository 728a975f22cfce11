/// Publishes events to whoever may consume them (DESIGN §6). The relay hands batches over; a broker takes each message or refuses it.
public protocol EventPublisher: Sendable {
    /// Publishes a batch in its order and returns once every event of it is settled: one outcome for each, in the order given.
    ///
    /// - Throws: `PublishInterrupted` when the connection broke or cannot be had: what became of the batch is unknown then, and all of it is to be
    ///   published again with the same message ids. Also when the task is cancelled.
    func publish(_ batch: [OutgoingEvent]) async throws -> [PublishOutcome]
}
