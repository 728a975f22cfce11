import Logging
import Signals
import SignalsAMQP

/// Makes the bell that the settings name.
enum BellFactory {
    /// What the settings say about the broker, checked; nil without one.
    static func broker(_ settings: Settings) throws -> AMQPSettings? {
        do {
            return try settings.broker.map { (broker) throws(BrokerError) in
                try AMQPSettings(url: broker.url, prefix: broker.prefix, declaration: broker.declaration)
            }
        } catch {
            throw StartFailure(error.description, isConfiguration: error.kind == .configuration)
        }
    }

    /// - Parameters:
    ///   - broker: carries rings to other processes; nil rings in this one only.
    ///   - isShared: other processes work on the same database.
    ///   - parts: what this process does with log notices.
    static func open(_ broker: AMQPSettings?, isShared: Bool, parts: Set<AMQPLogNotices.Part>, logger: Logger) throws -> OpenedBell {
        guard let broker else {
            return OpenedBell(bell: LocalBell(health: isShared ? .none : .healthy), services: [], addMetrics: { _ in }, notices: nil)
        }
        guard isShared else {
            throw StartFailure(
                "DOORBELL_AMQP_URL names a broker, which carries rings and events between services that share a PostgreSQL database: unset it, or name "
                    + "a database in DOORBELL_DATABASE_URL", isConfiguration: true)
        }
        do {
            let bell = try AMQPBell(settings: broker, logger: logger)
            let notices = parts.isEmpty ? nil : try AMQPLogNotices(settings: broker, parts: parts, logger: logger)
            return OpenedBell(
                bell: bell, services: [bell] + (notices.map { [$0] } ?? []), addMetrics: { BellMetrics(bell: bell).add(to: &$0) }, notices: notices)
        } catch {
            throw StartFailure(error.description, isConfiguration: error.kind == .configuration)
        }
    }
}
