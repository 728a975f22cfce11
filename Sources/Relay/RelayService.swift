import Logging
import Signals
import Storage

/// Publishes the outbox (DESIGN §5): makes ticks, and where there is a broker hands their events to it in order, as the only one of all relays.
///
/// Ticks do not wait for the broker: whatever it does, readers of the outbox go on, and only the lag grows.
public final class RelayService: Sendable {
    /// What may be other than usual.
    public struct Options: Hashable, Sendable {
        /// How long a leader that is silent is believed to live.
        public var lease: Duration = .seconds(5)
        /// The shortest time between two ticks.
        public var tickInterval: Duration = .milliseconds(20)
        /// How long the first event after a rest waits for others: a change leads to a build by several commits in a row, and none of them should
        /// share the processors with a tick of its own.
        public var gathering: Duration = .milliseconds(10)
        /// Events that are published together; more than a publisher has in flight keeps it busy.
        public var batch = 2000

        public init() {}
    }

    private let core: RelayCore
    /// In the order of their start: `relay` is rung after commits that wrote events, and rings `events` when they can be read.
    public let loops: [Loop]

    /// - Parameters:
    ///   - deployment: the store's, which the events name as their source.
    ///   - publisher: nil where no broker is configured: then it makes ticks only.
    ///   - projections: publishes every event once more, as one of CDEvents; nil where nobody asks for that.
    ///   - name: names this relay among all; it must be another after each start.
    ///   - shard: the part of the outbox that it looks after.
    public init(
        store: any RelayStore, deployment: String, bell: any Doorbell, publisher: (any EventPublisher)?,
        projections: (any EventPublisher)? = nil, name: String, shard: Int32 = 0, options: Options = Options(),
        clock: any LoopClock = ContinuousClock(), logger: Logger
    ) {
        let core = RelayCore(
            store: store, publisher: publisher, message: EventMessage(deployment: deployment),
            projector: projections.map { Projector(deployment: deployment, publisher: $0, clock: clock, logger: logger) }, name: name, shard: shard,
            options: options, clock: clock, logger: logger)
        // A broker that is back is published to within a lease, whether or not somebody tells.
        let publishing = publisher.map { publisher in
            Loop(name: .relayPublish, bell: bell, clock: clock, backoff: Backoff(longest: options.lease), logger: logger) {
                try await core.publish(to: publisher)
            }
        }
        let looking = Loop(name: .relay, bell: bell, clock: clock, logger: logger, onStop: { await core.stop() }) {
            let outcome = try await core.look()
            if outcome.ticked { bell.ring(.events) }
            if outcome.hasWork { publishing?.ring() }
            return outcome.wake.map { .at($0) }
        }
        self.core = core
        loops = [publishing, looking].compactMap { $0 }
    }

    public var statistics: RelayStatistics { core.statistics }

    /// How far the broker is behind the outbox.
    public func lag() async throws -> RelayLag { try await core.lag() }
}
