import Foundation
import Storage

/// The thread on which a listener blocks.
actor PostgresEar {
    private let executor = ThreadExecutor(name: "postgres-listen")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects and tells what is heard, until the end or the loss of the connection; false when nobody could be listened to.
    func listen(_ listener: PostgresListener, until end: PostgresListenerEnd) -> Bool {
        guard let connection = try? PostgresConnection(listener.address),
            (try? connection.run(listener.channels.map { .init("LISTEN \($0)") })) != nil
        else { return false }
        listener.connected()
        while !Task.isCancelled {
            guard let notifications = connection.notifications() else { return true }
            for notification in notifications { listener.heard(notification.channel, notification.payload) }
            var waited = [connection.descriptor, end.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            _ = poll(&waited, 2, end.descriptor < 0 ? 1000 : -1)
        }
        return true
    }
}
