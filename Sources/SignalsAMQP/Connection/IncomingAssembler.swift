/// Puts messages together from their frames: a method, a header that tells the size, and the body in pieces. Pure; one for each channel.
struct IncomingAssembler {
    enum Start: Hashable {
        case delivery
        case returned(reason: String)
    }

    private var start: Start?
    private var message = AMQPDelivery(routingKey: "")
    private var missing = 0

    /// What Doorbell sends is small, and what others send is mostly: of a larger message this much is read.
    static let largestBody = 4 << 20

    mutating func begin(_ start: Start, exchange: String = "", routingKey: String, tag: UInt64 = 0) {
        self.start = start
        message = AMQPDelivery(exchange: exchange, routingKey: routingKey, tag: tag)
        missing = 0
    }

    /// The header; a message without a body is complete with it.
    mutating func header(messageID: String?, headers: [String: String], bodySize: UInt64) -> AMQPIncoming? {
        guard start != nil else { return nil }
        message.messageID = messageID
        message.headers = headers
        missing = Int(clamping: bodySize)
        return missing == 0 ? finish() : nil
    }

    mutating func body(_ piece: some Collection<UInt8>) -> AMQPIncoming? {
        guard start != nil else { return nil }
        if message.isWhole, message.body.count + piece.count <= Self.largestBody {
            message.body += piece
        } else {
            message.isWhole = false
        }
        missing -= piece.count
        return missing <= 0 ? finish() : nil
    }

    private mutating func finish() -> AMQPIncoming? {
        defer { start = nil }
        switch start {
        case .delivery: return .delivery(message)
        case .returned(let reason): return .returned(message, reason: reason)
        case nil: return nil
        }
    }
}
