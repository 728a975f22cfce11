import Logging
import Signals
import Synchronization

/// The connection of an event publisher: sends batches within the window, and settles them by the broker's confirms.
final class PublishingRole: SessionRole {
    private let mailbox: PublishMailbox
    private let topology: Topology
    private let exchanges: Set<ExchangeRole>
    private let patience: Duration
    private let shared: PublisherState
    private let logger: Logger
    private var machine: PublishMachine
    private var blockedReason: String?
    private var blocked = BlockedClock()
    /// When something was settled last, or the window began to fill.
    private var progress = ContinuousClock.now

    /// Messages sent before the broker's answers are looked at again.
    private static let burst = 128
    /// Bytes that a socket which is writable takes without blocking: a third of the smallest buffer.
    private static let safeBytes = 16_384

    init(
        mailbox: PublishMailbox, topology: Topology, exchanges: Set<ExchangeRole>, machine: PublishMachine, patience: Duration,
        shared: PublisherState, logger: Logger
    ) {
        self.mailbox = mailbox
        self.topology = topology
        self.exchanges = exchanges
        self.machine = machine
        self.patience = patience
        self.shared = shared
        self.logger = logger
    }

    func opened(_ connection: AMQPConnection) throws(BrokerError) {
        try connection.prepare(topology, exchanges)
        try connection.selectConfirms()
        blockedReason = nil
        shared.change { $0.trouble = nil }
    }

    func received(_ incoming: AMQPIncoming) throws(BrokerError) {
        switch incoming {
        case .acknowledged(let tag, let multiple):
            complete(machine.acknowledged(tag: tag, multiple: multiple))
        case .refused(let tag, let multiple):
            complete(machine.refused(tag: tag, multiple: multiple, at: .now))
        case .blocked(let reason):
            logger.warning("the broker takes no events at the moment", metadata: [LogKey.reason: "\(reason)"])
            blockedReason = reason
            blocked.begin(at: .now)
        case .unblocked:
            blockedReason = nil
            blocked.end(at: .now)
            progress = .now
        case .returned(let message, _):
            if let id = message.messageID { machine.returned(messageID: id) }
        case .delivery:
            break
        }
    }

    func turn(_ connection: AMQPConnection) throws(BrokerError) -> SessionWait {
        let now = ContinuousClock.now
        takeMail()
        defer { tell(now) }
        if let blockedReason, let since = blocked.since {
            // What was sent stays in the window: it may still be settled, and whoever waits for it tries again in its own time.
            guard now < since + patience else {
                interrupt(machine.abandon(), "the broker takes no messages (\(blockedReason))")
                return SessionWait()
            }
            return SessionWait(until: since + patience)
        }
        if machine.outstanding == 0 { progress = now }
        if machine.outstanding > 0, now >= progress + patience {
            throw .unavailable("\(connection.address) has confirmed nothing for \(patience)")
        }
        return try send(connection, now)
    }

    private func send(_ connection: AMQPConnection, _ now: ContinuousClock.Instant) throws(BrokerError) -> SessionWait {
        var room = 0
        for _ in 0..<Self.burst {
            if room <= 0 {
                guard connection.isWritable else { return SessionWait(until: progress + patience, isWritable: true) }
                room = Self.safeBytes
            }
            guard let event = machine.next(at: now) else {
                let deadline = machine.outstanding > 0 ? progress + patience : nil
                return SessionWait(until: [deadline, machine.nextRepeat].compactMap { $0 }.min())
            }
            let message = message(event)
            room -= event.body.count + 1024
            try connection.publish(message)
            sent += 1
        }
        return SessionWait(until: now)
    }

    private var sent: UInt64 = 0

    private func message(_ event: OutgoingEvent) -> AMQPMessage {
        // The default exchange routes by the names of queues, and says when there is none.
        AMQPMessage(
            exchange: event.queue == nil ? topology.exchange(event.exchange) : "", routingKey: event.queue ?? event.routingKey, isPersistent: true,
            isMandatory: event.queue != nil, contentType: "application/json",
            messageID: event.messageID, type: event.type, timestamp: event.timestamp, correlationID: event.correlationID, headers: event.headers,
            body: event.body)
    }

    private func takeMail() {
        let mail = mailbox.take()
        for number in mail.withdrawn { machine.forget(number) }
        for batch in mail.added { machine.add(batch.number, batch.events) }
    }

    private func complete(_ completed: [PublishMachine.Completed]) {
        progress = .now
        for batch in completed {
            let refused = batch.outcomes.count { $0 != .confirmed }
            shared.change { statistics in
                statistics.refused += UInt64(refused)
                statistics.confirmed += UInt64(batch.outcomes.count - refused)
            }
            mailbox.answer(batch.batch, .success(batch.outcomes))
        }
    }

    private func interrupt(_ batches: [UInt64], _ reason: String) {
        shared.change { statistics in
            statistics.interrupted += UInt64(batches.count)
            statistics.trouble = reason
        }
        for number in batches { mailbox.answer(number, .failure(PublishInterrupted(reason: reason))) }
    }

    private func tell(_ now: ContinuousClock.Instant) {
        shared.change { statistics in
            statistics.sent = sent
            statistics.refusals = machine.refusals
            statistics.outstanding = machine.outstanding
            statistics.blocked = blocked.total(at: now)
            if blockedReason == nil { statistics.trouble = nil }
        }
    }

    func away(_ error: BrokerError) {
        takeMail()
        blockedReason = nil
        blocked.end(at: .now)
        interrupt(machine.reset(), error.description)
        shared.change { $0.outstanding = 0 }
    }

    func ended() {
        mailbox.close()
        takeMail()
        interrupt(machine.reset(), "the publisher has been stopped")
    }
}

/// The statistics of a publisher: written by its thread, read by anybody.
final class PublisherState: Sendable {
    private let statistics = Mutex(PublisherStatistics())

    var value: PublisherStatistics { statistics.withLock { $0 } }

    func change(_ body: (inout PublisherStatistics) -> Void) {
        statistics.withLock { body(&$0) }
    }
}
