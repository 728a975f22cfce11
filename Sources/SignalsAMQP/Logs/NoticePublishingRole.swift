import Foundation
import Signals

/// Publishes the notices of this process.
final class NoticePublishingRole: SessionRole {
    private let board: NoticeBoard
    private let topology: Topology
    private let encoder = JSONEncoder()
    private var isBlocked = false

    /// Published before the broker is looked at again.
    private static let burst = 100
    /// A follower that heard nothing for this long has looked for itself.
    private static let expiration = 10_000

    init(board: NoticeBoard, topology: Topology) {
        self.board = board
        self.topology = topology
    }

    func opened(_ connection: AMQPConnection) throws(BrokerError) {
        try connection.prepare(topology, [.logs])
        isBlocked = false
    }

    func received(_ incoming: AMQPIncoming) throws(BrokerError) {
        switch incoming {
        case .blocked: isBlocked = true
        case .unblocked: isBlocked = false
        case .delivery, .acknowledged, .refused, .returned: break
        }
    }

    func turn(_ connection: AMQPConnection) throws(BrokerError) -> SessionWait {
        if isBlocked { return SessionWait() }
        guard connection.isWritable else { return SessionWait(isWritable: true) }
        for notice in board.take(limit: Self.burst) {
            guard let body = try? encoder.encode(LogNoticeDocument(notice)) else { continue }
            var message = AMQPMessage(exchange: topology.exchange(.logs), routingKey: LogNoticeDocument.routingKey(notice))
            message.expiration = Self.expiration
            message.contentType = "application/json"
            message.type = "log.notice.v1"
            message.headers = [.init(AMQPBell.senderHeader, board.process)]
            message.body = Array(body)
            try connection.publish(message)
        }
        return SessionWait(until: board.nextDue)
    }

    // What waits is kept: it is bounded, and merged while it waits.
    func away(_ error: BrokerError) {}

    func ended() {}
}
