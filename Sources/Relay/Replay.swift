import Domain
import Signals
import Storage

/// Publishes events once more, to one queue alone: for a consumer that lost some, or that begins late. Everybody else notices nothing, and the relay's cursor
/// stays where it is.
public struct Replay: Sendable {
    /// Where it begins.
    public enum Start: Hashable, Sendable {
        case cursor(EventCursor)
        /// With the first event that was committed about then.
        case time(Timestamp)
    }

    /// What a replay did.
    public struct Report: Hashable, Sendable {
        public var published = 0
        /// Events that the queue refused on every try.
        public var refused = 0
        /// The end of what was replayed; a replay that was interrupted goes on from here.
        public var end: EventCursor
        /// Why the queue refused the first of those.
        public var reason: String?
        /// Why it broke off before its end; nil when it is complete.
        public var interruption: String?
    }

    private let store: any RelayStore
    private let publisher: any EventPublisher
    private let message: EventMessage

    private static let batch = 500

    public init(store: any RelayStore, deployment: String, publisher: any EventPublisher) {
        self.store = store
        self.publisher = publisher
        message = EventMessage(deployment: deployment)
    }

    /// Replays what is kept from the start on, up to what is newest when it begins; with the ids that the messages had.
    ///
    /// A broker that goes away breaks it off; what follows the report's end may have arrived, and arrives again when it is gone on with.
    ///
    /// - Throws: `StoreError.conflict` when the events behind the cursor are not kept any more.
    public func run(from start: Start, to queue: String) async throws -> Report {
        let newest = try await store.latestCursor()
        let first =
            switch start {
            case .cursor(let cursor): cursor
            case .time(let time): try await store.cursor(at: time, shard: newest.shard)
            }
        var report = Report(end: first)
        while report.end < newest {
            let events = try await store.events(after: report.end, limit: Self.batch).prefix { $0.cursor <= newest }
            guard let last = events.last else { break }
            let messages = events.map { event in
                var message = message.message(event)
                message.queue = queue
                return message
            }
            let outcomes: [PublishOutcome]
            do {
                outcomes = try await publisher.publish(messages)
            } catch let error as PublishInterrupted {
                report.interruption = error.reason
                return report
            }
            for outcome in outcomes {
                switch outcome {
                case .confirmed: report.published += 1
                case .refused(let reason):
                    report.refused += 1
                    report.reason = report.reason ?? reason
                }
            }
            report.end = last.cursor
        }
        return report
    }
}
