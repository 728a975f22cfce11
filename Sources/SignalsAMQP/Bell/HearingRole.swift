import Signals

/// The side of a bell that hears: a queue of this process's own, whose messages wake its loops.
final class HearingRole: SessionRole {
    private let core: BellCore
    private let topology: Topology
    private var connections = 0
    private let hears: () -> Void

    /// - Parameter hears: called when rings can be heard, so that one to oneself is sent.
    init(core: BellCore, topology: Topology, hears: @escaping () -> Void) {
        self.core = core
        self.topology = topology
        self.hears = hears
    }

    func opened(_ connection: AMQPConnection) throws(BrokerError) {
        connections += 1
        try connection.prepare(topology, [.wake])
        let wake = topology.exchange(.wake)
        try connection.consume(
            from: topology.queue(.wake, of: core.process, connection: connections), maximumLength: AMQPBell.queueLength,
            bindings: [(wake, "wake.#"), (wake, "echo.\(core.process)")])
        core.hearing(.open)
        hears()
        // Rings from before the queue was bound are lost.
        core.local.announceReconnect()
    }

    func received(_ incoming: AMQPIncoming) throws(BrokerError) {
        guard case .delivery(let delivery) = incoming else { return }
        if delivery.routingKey.hasPrefix("echo.") {
            if let number = delivery.messageID.flatMap({ UInt64($0) }) { core.heardEcho(number) }
        } else if delivery.headers[AMQPBell.senderHeader] != core.process, delivery.routingKey.hasPrefix("wake."),
            let loop = LoopName(rawValue: String(delivery.routingKey.dropFirst("wake.".count)))
        {
            // Our own rings have woken our loops already; a loop of a newer version is nobody here.
            core.heard(loop)
        }
    }

    func turn(_ connection: AMQPConnection) throws(BrokerError) -> SessionWait { SessionWait() }

    func away(_ error: BrokerError) {
        core.hearing(.away(error.description))
    }

    func ended() {
        core.hearing(.away("stopped"))
    }
}
