import Logging
import ServiceLifecycle
import Signals

/// Publishes events to RabbitMQ: persistent, in order, each confirmed, on a connection and a thread of its own.
public final class AMQPEventPublisher: EventPublisher, Service {
    private let mailbox = PublishMailbox()
    private let shared = PublisherState()
    private let session: Session

    /// - Parameters:
    ///   - exchanges: those that are made, or checked, at each connection.
    ///   - window: how many messages may wait for their confirms.
    ///   - tries: how often an event is sent that a queue refuses.
    ///   - patience: how long the broker may confirm nothing, or take nothing, before the batches that wait are given up as unknown.
    public init(
        settings: AMQPSettings, exchanges: Set<ExchangeRole> = ExchangeRole.common, window: Int = 1000, tries: Int = 3,
        patience: Duration = .seconds(10), logger: Logger = Logger(label: "doorbell")
    ) throws(BrokerError) {
        let topology = Topology(settings)
        session = try Session(name: "doorbell events", settings: settings, logger: logger) { [mailbox, shared] _ in
            PublishingRole(
                mailbox: mailbox, topology: topology, exchanges: exchanges,
                machine: PublishMachine(window: window, tries: tries, pause: .milliseconds(20)), patience: patience, shared: shared, logger: logger)
        }
    }

    deinit {
        session.stop()
    }

    public var statistics: PublisherStatistics {
        var statistics = shared.value
        statistics.connects = session.connectCount
        return statistics
    }

    /// Connects and publishes until the service is stopped.
    ///
    /// - Throws: `BrokerError` when somebody has to change something before the first connection can be had.
    public func run() async throws {
        try await Session.run([session])
    }

    public func publish(_ batch: [OutgoingEvent]) async throws -> [PublishOutcome] {
        // What no broker could take is settled here; sent, it would break the connection each time.
        let troubles = batch.map(\.trouble)
        let sendable = zip(batch, troubles).filter { $0.1 == nil }.map(\.0)
        var settled = try await settle(sendable)[...]
        return troubles.map { trouble in trouble.map { .refused(reason: $0) } ?? settled.popFirst() ?? .confirmed }
    }

    private func settle(_ events: [OutgoingEvent]) async throws -> [PublishOutcome] {
        guard !events.isEmpty else { return [] }
        let number = mailbox.number()
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                mailbox.add(number, events, continuation)
                // The handler may have run before there was anything to withdraw.
                if Task.isCancelled { mailbox.withdraw(number) }
                session.signal()
            }
        } onCancel: {
            mailbox.withdraw(number)
            session.signal()
        }
    }
}
