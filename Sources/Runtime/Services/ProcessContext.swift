import Domain
import HTTPDoor
import Logging
import Signals
import SignalsAMQP
import Storage

/// What every service of a process is made from.
struct ProcessContext: Sendable {
    var settings: Settings
    var store: OpenedStore
    var bell: OpenedBell
    /// Where events are published; nil without a broker.
    var broker: AMQPSettings?
    var keeper: ConfigurationKeeper
    var presence: ServicePresence
    /// Judges who calls.
    var access: AccessKeeper
    /// Rung by a dispatcher of this process, followed by its web pages.
    var logs: LogBell
    var makeLogger: @Sendable (String) -> Logger

    /// The configuration in force, as far as this process knows.
    var configuration: @Sendable () -> AppliedConfiguration? { { [keeper] in keeper.current } }
}
