import Foundation
import Logging
import ServiceLifecycle
import Signals

/// Log notices over RabbitMQ: a process that receives logs publishes, one that shows them listens. Each does so on a connection of its own, so that
/// no storm of logs delays a ring.
public final class AMQPLogNotices: LogNotices, Service {
    public enum Part: Hashable, Sendable {
        case publish
        case listen
    }

    private let board: NoticeBoard
    private let publishing: Session?
    private let hearing: Session?

    /// - Parameters:
    ///   - parts: what this process does; only for these it connects.
    ///   - process: names this process among all of the deployment's.
    public init(
        settings: AMQPSettings, parts: Set<Part> = [.publish, .listen], process: String = UUID().uuidString.lowercased(),
        logger: Logger = Logger(label: "doorbell")
    ) throws(BrokerError) {
        let board = NoticeBoard(process: process)
        let topology = Topology(settings)
        self.board = board
        publishing =
            parts.contains(.publish)
            ? try Session(name: "doorbell log notices", settings: settings, logger: logger) { _ in
                NoticePublishingRole(board: board, topology: topology)
            } : nil
        hearing =
            parts.contains(.listen)
            ? try Session(name: "doorbell hears log notices", settings: settings, logger: logger) { _ in
                NoticeHearingRole(board: board, topology: topology)
            } : nil
    }

    deinit {
        publishing?.stop()
        hearing?.stop()
    }

    public func publish(_ notice: LogNotice) {
        guard let publishing else { return }
        if board.add(notice) { publishing.signal() }
    }

    public func listen(_ heard: @escaping @Sendable (LogNotice) -> Void) -> BellSubscription { board.listen(heard) }

    /// Connects until the service is stopped. Throws like the bell.
    public func run() async throws {
        try await Session.run([publishing, hearing].compactMap { $0 })
    }
}
