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
    static func open(_ broker: AMQPSettings?, isShared: Bool, logger: Logger) throws -> OpenedBell {
        guard let broker else {
            return OpenedBell(bell: LocalBell(health: isShared ? .none : .healthy), services: [], addMetrics: { _ in })
        }
        do {
            let bell = try AMQPBell(settings: broker, logger: logger)
            return OpenedBell(bell: bell, services: [bell], addMetrics: { BellMetrics(bell: bell).add(to: &$0) })
        } catch {
            throw StartFailure(error.description, isConfiguration: error.kind == .configuration)
        }
    }
}
