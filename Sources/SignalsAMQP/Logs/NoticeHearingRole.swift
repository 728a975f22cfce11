import Signals

/// Hears the notices of other processes.
final class NoticeHearingRole: SessionRole {
    private let board: NoticeBoard
    private let topology: Topology
    private var connections = 0

    /// The oldest go: a follower that missed one hears the next, or looks for itself.
    private static let queueLength: Int64 = 5000

    init(board: NoticeBoard, topology: Topology) {
        self.board = board
        self.topology = topology
    }

    func opened(_ connection: AMQPConnection) throws(BrokerError) {
        connections += 1
        try connection.prepare(topology, [.logs])
        try connection.consume(
            from: topology.queue(.logs, of: board.process, connection: connections), maximumLength: Self.queueLength,
            bindings: [(topology.exchange(.logs), "#")])
    }

    func received(_ incoming: AMQPIncoming) throws(BrokerError) {
        guard case .delivery(let delivery) = incoming, delivery.headers[AMQPBell.senderHeader] != board.process else { return }
        if let notice = LogNoticeDocument.notice(delivery.body) { board.heard(notice) }
    }

    func turn(_ connection: AMQPConnection) throws(BrokerError) -> SessionWait { SessionWait() }

    func away(_ error: BrokerError) {}

    func ended() {}
}
