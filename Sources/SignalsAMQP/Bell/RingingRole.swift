import Logging
import Signals

/// The side of a bell that rings: publishes what waits, and measures the bell.
final class RingingRole: SessionRole {
    private let core: BellCore
    private let topology: Topology
    private let logger: Logger
    private var isBlocked = false

    init(core: BellCore, topology: Topology, logger: Logger) {
        self.core = core
        self.topology = topology
        self.logger = logger
    }

    func opened(_ connection: AMQPConnection) throws(BrokerError) {
        try connection.prepare(topology, [.wake])
        isBlocked = false
        core.ringing(.open)
    }

    func received(_ incoming: AMQPIncoming) throws(BrokerError) {
        switch incoming {
        case .blocked(let reason):
            isBlocked = true
            logger.warning("the broker takes no rings at the moment", metadata: [LogKey.reason: "\(reason)"])
            core.ringing(.blocked(reason))
        case .unblocked:
            isBlocked = false
            core.ringing(.open)
        case .returned(_, let reason):
            core.returned(reason)
        case .delivery, .acknowledged, .refused:
            break
        }
    }

    func turn(_ connection: AMQPConnection) throws(BrokerError) -> SessionWait {
        if isBlocked { return SessionWait() }
        guard connection.isWritable else { return SessionWait(isWritable: true) }
        for loop in core.takeRings() {
            var message = AMQPMessage(exchange: topology.exchange(.wake), routingKey: "wake.\(loop.rawValue)")
            message.expiration = AMQPBell.expiration
            message.headers = [.init(AMQPBell.senderHeader, core.process)]
            try connection.publish(message)
        }
        if let number = core.takeEcho() {
            var message = AMQPMessage(exchange: topology.exchange(.wake), routingKey: "echo.\(core.process)")
            message.expiration = AMQPBell.expiration
            message.messageID = String(number)
            message.isMandatory = true
            try connection.publish(message)
        }
        return SessionWait(until: core.nextTurn)
    }

    func away(_ error: BrokerError) {
        isBlocked = false
        core.ringing(.away(error.description))
    }

    func ended() {
        core.ringing(.away("stopped"))
    }
}
