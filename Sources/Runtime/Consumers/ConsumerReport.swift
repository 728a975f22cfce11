import Domain
import Foundation
import SignalsAMQP
import Storage

/// `doorbell consumers`: how those stand who read events from queues of their own. It asks the database and the broker themselves, so that it needs no
/// service.
public struct ConsumerReport: Sendable {
    public struct Standing: Sendable {
        public var consumer: EventConsumer
        /// Messages that wait in its queue; nil when nothing is known of it.
        public var waiting: Int?
        /// Who reads its queue.
        public var readers: Int?
        /// How long ago the oldest of what waits happened; nil when nothing waits.
        public var behind: Duration?
        /// What waits is older than that, and how much is not known.
        public var isBehindMore: Bool
        /// Messages that it could not read; nil when it has no queue for them, or nothing is known of it.
        public var deadLetters: Int?
        /// In words.
        public var state: String
    }

    private let settings: Settings

    public init(_ settings: Settings) {
        self.settings = settings
    }

    public func run() async throws -> [Standing] {
        guard case .postgres = settings.database else {
            throw StartFailure(
                "the events of an embedded database go to no broker, so there are no queues to look at: name PostgreSQL in DOORBELL_DATABASE_URL",
                isConfiguration: true)
        }
        guard let broker = try BellFactory.broker(settings) else {
            throw StartFailure("the queues are at a broker: name it in DOORBELL_AMQP_URL", isConfiguration: true)
        }
        let opened = try await StoreFactory.open(settings, migrating: false)
        do {
            let standings = try await standings(opened, broker)
            try await opened.store.close()
            return standings
        } catch {
            try? await opened.store.close()
            throw error
        }
    }

    private func standings(_ opened: OpenedStore, _ broker: AMQPSettings) async throws -> [Standing] {
        guard let store = opened.relay else { throw StartFailure("this database has no events for a broker", isConfiguration: true) }
        let consumers = try await opened.store.currentConfiguration()?.configuration.consumers ?? []
        let queues = Set(consumers.map(\.queue) + consumers.compactMap(\.deadLetters))
        let states: [String: QueueState]
        do {
            states = try await QueueLook(broker).states(of: queues)
        } catch let error as BrokerError {
            throw StartFailure(error.description, isConfiguration: error.kind == .configuration)
        }
        let waiting = consumers.map { consumer in
            (keys: consumer.keys, waiting: states[consumer.queue]?.counts?.messages ?? 0)
        }
        let ages = try await ConsumerLag(waiting).ages(store, now: Timestamp(seconds: Date().timeIntervalSince1970))
        return zip(consumers, ages).map { consumer, age in
            let (queue, deadLetters) = (states[consumer.queue] ?? .absent, consumer.deadLetters.map { states[$0] ?? .absent })
            var standing = Standing(
                consumer: consumer, waiting: queue.counts?.messages, readers: queue.counts?.consumers, behind: nil, isBehindMore: false,
                deadLetters: deadLetters?.counts?.messages, state: Self.words(queue, deadLetters))
            switch age {
            case .known(let behind): standing.behind = behind
            case .beyond(let behind): (standing.behind, standing.isBehindMore) = (behind, true)
            case nil: break
            }
            return standing
        }
    }

    private static func words(_ queue: QueueState, _ deadLetters: QueueState?) -> String {
        let own =
            switch queue {
            case .absent: "there is no such queue"
            case .refused(let reason): reason
            case .present(_, let readers): readers == 0 ? "nobody reads it" : "it is read"
            }
        return switch deadLetters {
        case .absent: "\(own); its queue of dead letters is not there"
        case .refused(let reason): "\(own); dead letters: \(reason)"
        case .present, nil: own
        }
    }
}

extension QueueState {
    fileprivate var counts: (messages: Int, consumers: Int)? {
        if case .present(let messages, let consumers) = self { (messages, consumers) } else { nil }
    }
}
