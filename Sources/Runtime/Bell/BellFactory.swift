import Logging
import Signals

/// Makes the bell that the settings name.
enum BellFactory {
    /// - Parameter isShared: other processes work on the same database, so that rings have to reach them.
    static func open(_ settings: Settings, isShared: Bool, logger: Logger) async throws -> OpenedBell {
        if settings.broker != nil {
            throw SettingsError(
                variable: "DOORBELL_AMQP_URL", found: "a broker",
                expected: "nothing: this version runs in one process and rings its bell inside it; unset the variable")
        }
        return OpenedBell(bell: LocalBell(health: isShared ? .none : .healthy), services: [], addMetrics: { _ in })
    }
}
