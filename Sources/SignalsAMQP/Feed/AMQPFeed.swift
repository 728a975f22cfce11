import Logging
import Signals
import Synchronization

/// A feed from RabbitMQ. A thread keeps the connection; what arrives is judged in batches by a task, one after the other, and acknowledged by the thread.
public final class AMQPFeed: Feed {
    /// Judges messages; returns when what it took is durable. It may take as long as it likes: the broker keeps what it is not done with.
    public typealias Judge = @Sendable ([FeedMessage]) async -> [FeedVerdict]

    private let mailbox: FeedMailbox
    private let session: Session
    private let judge: Judge

    public init(settings: AMQPSettings, queue: FeedQueue, name: String, logger: Logger, judge: @escaping Judge) throws(BrokerError) {
        let mailbox = FeedMailbox()
        self.mailbox = mailbox
        self.judge = judge
        session = try Session(name: "doorbell feed \(name)", settings: settings, logger: logger) { _ in
            FeedRole(queue: queue, source: name, mailbox: mailbox)
        }
    }

    deinit {
        session.stop()
    }

    public var status: FeedStatus { mailbox.status }

    public func run() async throws {
        let judging = Task { [mailbox, session, judge] in
            for await batch in mailbox.batches {
                let verdicts = await judge(batch.messages)
                guard !Task.isCancelled else { return }
                mailbox.answer(batch, verdicts)
                session.signal()
            }
        }
        defer { judging.cancel() }
        do {
            try await Session.run([session])
        } catch let error as BrokerError {
            mailbox.change { $0.trouble = error.description }
            throw error
        }
    }
}
