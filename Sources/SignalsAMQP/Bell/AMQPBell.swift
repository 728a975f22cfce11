import Foundation
import Logging
import ServiceLifecycle
import Signals

/// The bell of many processes: rings reach the loops of this process directly, and those of others through the broker.
///
/// It rings and hears on two connections, for a broker that is short of memory stops reading from those who publish. Both are kept through the list
/// of brokers for ever. While there is no broker the bell is degraded, rings wait (one a loop), and loops sweep.
public final class AMQPBell: Doorbell, Service {
    private let core: BellCore
    private let ringing: Session
    private let hearing: Session

    /// Rings are of no use later: a loop that nobody woke for this long has swept.
    static let expiration = 60_000
    /// In a process's queue; the oldest go. A few for each loop, and those to oneself.
    static let queueLength: Int64 = 200
    static let senderHeader = "doorbell_sender"

    /// - Parameters:
    ///   - process: names this process among all of the deployment's; a random name when absent.
    ///   - echoInterval: how often a ring to oneself measures the bell, and how long it may take.
    public init(
        settings: AMQPSettings, process: String = UUID().uuidString.lowercased(), echoInterval: Duration = .seconds(5),
        logger: Logger = Logger(label: "doorbell")
    ) throws(BrokerError) {
        let core = BellCore(process: process, echoInterval: echoInterval)
        let topology = Topology(settings)
        let ringing = try Session(name: "doorbell rings", settings: settings, logger: logger) { _ in
            RingingRole(core: core, topology: topology, logger: logger)
        }
        hearing = try Session(name: "doorbell hears", settings: settings, logger: logger) { _ in
            HearingRole(core: core, topology: topology) { ringing.signal() }
        }
        self.core = core
        self.ringing = ringing
    }

    deinit {
        ringing.stop()
        hearing.stop()
    }

    public var health: BellHealth { core.health }

    public var statistics: BellStatistics {
        var statistics = core.statistics
        statistics.connects = ringing.connectCount + hearing.connectCount
        return statistics
    }

    public func ring(_ loop: LoopName) {
        core.local.ring(loop)
        if core.ring(loop) { ringing.signal() }
    }

    public func listen(to loop: LoopName, _ heard: @escaping @Sendable () -> Void) -> BellSubscription {
        core.local.listen(to: loop, heard)
    }

    public func watch(_ told: @escaping @Sendable (BellEvent) -> Void) -> BellSubscription { core.local.watch(told) }

    public func announceReconnect() { core.local.announceReconnect() }

    /// Connects and carries rings until the service is stopped; rings that wait are sent before it returns.
    ///
    /// - Throws: `BrokerError` when somebody has to change something before the first connection can be had (wrong credentials, rights, names,
    ///   certificates). After that, and while no broker answers, it goes on trying.
    public func run() async throws {
        try await Session.run([ringing, hearing])
    }
}
