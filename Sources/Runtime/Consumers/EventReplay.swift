import Domain
import Foundation
import Relay
import SignalsAMQP
import Storage

/// `doorbell events replay`: publishes events that are kept once more, to one queue alone. It works on the database and the broker themselves, so that it
/// needs no service.
public struct EventReplay: Sendable {
    public struct Outcome: Sendable {
        public var published: Int
        public var refused: Int
        /// Why the queue refused the first that it refused.
        public var reason: String?
        /// Why it broke off; nil when it is complete.
        public var interruption: String?
        /// Where to go on.
        public var cursor: String
    }

    private let settings: Settings

    public init(_ settings: Settings) {
        self.settings = settings
    }

    /// - Parameter since: a cursor, a time, or how long ago.
    public func run(since text: String, queue: String) async throws -> Outcome {
        let start = try Self.start(text)
        guard case .postgres = settings.database else {
            throw StartFailure(
                "the events of an embedded database go to no broker: read them with `doorbell events --since`, or name PostgreSQL in "
                    + "DOORBELL_DATABASE_URL", isConfiguration: true)
        }
        guard let broker = try BellFactory.broker(settings) else {
            throw StartFailure("a replay needs the broker of the queue: name it in DOORBELL_AMQP_URL", isConfiguration: true)
        }
        let opened = try await StoreFactory.open(settings, migrating: false)
        do {
            let outcome = try await replay(opened, broker, from: start, to: queue)
            try await opened.store.close()
            return outcome
        } catch {
            try? await opened.store.close()
            throw error
        }
    }

    private func replay(_ opened: OpenedStore, _ broker: AMQPSettings, from start: Replay.Start, to queue: String) async throws -> Outcome {
        guard let store = opened.relay else { throw StartFailure("this database has no events for a broker", isConfiguration: true) }
        do {
            let publisher = try AMQPEventPublisher(settings: broker, logger: settings.logger("events"))
            let replay = Replay(store: store, deployment: opened.store.deployment, publisher: publisher)
            // Whichever ends first: the replay, or a broker that lets nobody in.
            let report = try await withThrowingTaskGroup(of: Replay.Report?.self) { group in
                group.addTask {
                    try await publisher.run()
                    return nil
                }
                group.addTask { try await replay.run(from: start, to: queue) }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            guard let report else { throw StartFailure("the connection to the broker ended") }
            return Outcome(
                published: report.published, refused: report.refused, reason: report.reason, interruption: report.interruption,
                cursor: "\(report.end)")
        } catch let error as BrokerError {
            throw StartFailure(error.description, isConfiguration: error.kind == .configuration)
        }
    }

    static func start(_ text: String, now: Date = Date()) throws -> Replay.Start {
        if let cursor = EventCursor(text) { return .cursor(cursor) }
        if let ago = DurationText.duration(of: text) {
            return .time(Timestamp(seconds: now.timeIntervalSince1970).advanced(by: .zero - ago))
        }
        if let time = try? Date(text, strategy: .iso8601) { return .time(Timestamp(seconds: time.timeIntervalSince1970)) }
        throw SettingsError(
            variable: "--since", found: text,
            expected: "a cursor as `doorbell events` prints it, how long ago (2h30m), or a time (2026-03-01T12:00:00Z)")
    }
}
