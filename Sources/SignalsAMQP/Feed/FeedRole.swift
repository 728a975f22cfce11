import Signals

/// The connection of a feed: consumes with acknowledgements, hands over batches, acknowledges what was judged, and moves aside what makes no sense.
final class FeedRole: SessionRole {
    private let queue: FeedQueue
    private let source: String
    private let mailbox: FeedMailbox
    private var connection = 0
    private var arrived: [AMQPDelivery] = []
    /// The tag of a dead letter on its way, and the delivery that it copies: that one is acknowledged when the copy is safe.
    private var moving: [UInt64: UInt64] = [:]
    private var lastPublished: UInt64 = 0

    /// Messages that are judged at once.
    private static let batch = 100

    init(queue: FeedQueue, source: String, mailbox: FeedMailbox) {
        self.queue = queue
        self.source = source
        self.mailbox = mailbox
    }

    func opened(_ connection: AMQPConnection) throws(BrokerError) {
        self.connection += 1
        arrived = []
        moving = [:]
        lastPublished = 0
        try connection.selectConfirms()
        try connection.consume(queue)
        mailbox.change { status in
            status.isConnected = true
            status.trouble = nil
        }
    }

    func received(_ incoming: AMQPIncoming) throws(BrokerError) {
        switch incoming {
        case .delivery(let delivery): arrived.append(delivery)
        case .acknowledged(let tag, let multiple): safe.append((tag, multiple))
        case .refused(let tag, let multiple):
            for tag in multiple ? moving.keys.filter({ $0 <= tag }) : [tag] { moving[tag] = nil }
            throw .unavailable("the broker refused a message for \(queue.deadLetters ?? "") (it stays in \(queue.queue), and is tried again)")
        case .returned(_, let reason):
            throw .unavailable(
                "there is no queue \(queue.deadLetters ?? "") for messages that make no sense (\(reason)): make it, or name another (dead_letters)")
        case .blocked, .unblocked: break
        }
    }

    /// Confirms that have arrived since the last turn.
    private var safe: [(tag: UInt64, multiple: Bool)] = []

    func turn(_ connection: AMQPConnection) throws(BrokerError) -> SessionWait {
        for confirm in safe {
            for tag in confirm.multiple ? moving.keys.filter({ $0 <= confirm.tag }).sorted() : [confirm.tag] {
                guard let delivery = moving.removeValue(forKey: tag) else { continue }
                try connection.acknowledge(delivery, multiple: false)
                mailbox.change { $0.poisoned += 1 }
            }
        }
        safe = []
        if let answer = mailbox.takeAnswer(), answer.batch.connection == self.connection { try settle(answer, connection) }
        if mailbox.isFree, !arrived.isEmpty {
            let taken = arrived.prefix(Self.batch)
            arrived.removeFirst(taken.count)
            mailbox.send(.init(connection: self.connection, messages: taken.map(\.message), tags: taken.map(\.tag)))
        }
        return SessionWait()
    }

    private func settle(_ answer: FeedMailbox.Answer, _ connection: AMQPConnection) throws(BrokerError) {
        // Not judged is not done: on a new connection the broker delivers them again.
        guard answer.verdicts.count == answer.batch.tags.count else { throw .unavailable("messages of \(queue.queue) were not judged") }
        let isClean = moving.isEmpty && answer.verdicts.allSatisfy { $0 == .done }
        if isClean, let last = answer.batch.tags.last {
            // Every earlier batch is settled, so this tells of these alone.
            try connection.acknowledge(last, multiple: true)
            mailbox.change { $0.done += UInt64(answer.batch.tags.count) }
            return
        }
        for (place, verdict) in answer.verdicts.enumerated() {
            let tag = answer.batch.tags[place]
            switch verdict {
            case .done:
                try connection.acknowledge(tag, multiple: false)
                mailbox.change { $0.done += 1 }
            case .poison(let reason): try moveAside(answer.batch.messages[place], tag, reason, connection)
            }
        }
    }

    private func moveAside(_ message: FeedMessage, _ tag: UInt64, _ reason: String, _ connection: AMQPConnection) throws(BrokerError) {
        guard let deadLetters = queue.deadLetters else {
            try connection.refuse(tag)
            mailbox.change { $0.poisoned += 1 }
            return
        }
        // All headers have to fit into one frame.
        var room = 32_768
        let headers = message.headers.sorted { $0.key < $1.key }.filter { header in
            room -= header.key.utf8.count + header.value.utf8.count + 16
            return room >= 0
        }.map { OutgoingEvent.Header($0.key, $0.value) }
        let own = [
            ("x-doorbell-reason", String(decoding: reason.utf8.prefix(1000), as: UTF8.self)), ("x-doorbell-source", source),
            ("x-doorbell-exchange", message.exchange),
            ("x-doorbell-routing-key", message.routingKey),
        ].map { OutgoingEvent.Header($0.0, $0.1) }
        // The default exchange routes by the names of queues, and says when there is none.
        try connection.publish(
            AMQPMessage(
                exchange: "", routingKey: deadLetters, isPersistent: true, isMandatory: true, contentType: "application/json",
                messageID: message.id.map { String(decoding: $0.utf8.prefix(200), as: UTF8.self) },
                headers: headers.filter { !$0.name.hasPrefix("x-doorbell-") } + own,
                body: message.body))
        lastPublished += 1
        moving[lastPublished] = tag
    }

    func away(_ error: BrokerError) {
        arrived = []
        moving = [:]
        safe = []
        mailbox.change { status in
            status.isConnected = false
            status.trouble = error.description
        }
    }

    func ended() {
        mailbox.close()
        mailbox.change { $0.isConnected = false }
    }
}

extension AMQPDelivery {
    fileprivate var message: FeedMessage {
        FeedMessage(exchange: exchange, routingKey: routingKey, id: messageID, headers: headers, body: body, isWhole: isWhole)
    }
}
