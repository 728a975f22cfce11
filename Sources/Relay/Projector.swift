import Logging
import Signals
import Storage
import Synchronization

/// Publishes events once more, in the words of CDEvents, on a connection of their own: whatever becomes of that, our own events go on.
final class Projector: Sendable {
    private struct State {
        var published: UInt64 = 0
        var lost: UInt64 = 0
        /// Nothing is tried before.
        var resumes: ContinuousClock.Instant?
    }

    /// How long our own events wait for these, at most and once in a `pause`.
    private static let patience: Duration = .seconds(1)
    private static let pause: Duration = .seconds(30)

    private let message: CDEventMessage
    private let publisher: any EventPublisher
    private let logger: Logger
    private let clock: any LoopClock
    private let state = Mutex(State())

    init(deployment: String, publisher: any EventPublisher, clock: any LoopClock, logger: Logger) {
        message = CDEventMessage(deployment: deployment)
        self.publisher = publisher
        self.clock = clock
        self.logger = logger
    }

    var counts: (published: UInt64, lost: UInt64) { state.withLock { ($0.published, $0.lost) } }

    /// Each event after the one before it. What cannot be published is counted and let go; then nothing is tried for a while.
    func publish(_ events: [EventRecord]) async {
        let now = clock.now
        guard state.withLock({ state in state.resumes.map { $0 <= now } ?? true }) else { return lose(events.count) }
        var messages: [OutgoingEvent] = []
        for event in events {
            do {
                messages.append(try message.message(event))
            } catch {
                lose(1)
                logger.error("an event cannot be told as one of CDEvents", metadata: [LogKey.event: "\(event.messageID)", LogKey.error: "\(error)"])
            }
        }
        guard !messages.isEmpty else { return }
        do {
            let outcomes = try await Bounded.run(within: Self.patience) { [messages, publisher] in try await publisher.publish(messages) }
            let confirmed = outcomes.count { $0 == .confirmed }
            state.withLock { state in
                state.published += UInt64(confirmed)
                state.lost += UInt64(outcomes.count - confirmed)
                state.resumes = confirmed < outcomes.count ? now + Self.pause : nil
            }
            if case .refused(let reason)? = outcomes.first(where: { $0 != .confirmed }) { warn(outcomes.count - confirmed, reason) }
        } catch {
            lose(messages.count)
            guard !(error is CancellationError) else { return }
            state.withLock { $0.resumes = now + Self.pause }
            warn(messages.count, "\(error)")
        }
    }

    private func lose(_ count: Int) { state.withLock { $0.lost += UInt64(count) } }

    private func warn(_ count: Int, _ reason: String) {
        logger.warning(
            "events are not published as CDEvents, for a while", metadata: [LogKey.count: "\(count)", LogKey.reason: "\(reason)"])
    }
}
