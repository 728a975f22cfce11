import Foundation

/// Asks a broker how queues stand. Nothing is declared, nothing is read.
public struct QueueLook: Sendable {
    private let settings: AMQPSettings

    public init(_ settings: AMQPSettings) {
        self.settings = settings
    }

    /// - Throws: `BrokerError` when no broker lets us in.
    public func states(of queues: Set<String>) async throws -> [String: QueueState] {
        try await withCheckedThrowingContinuation { continuation in
            // Calls into the library block.
            let thread = Thread { continuation.resume(with: Result { try look(queues.sorted()) }) }
            thread.name = "doorbell-queues"
            thread.start()
        }
    }

    private func look(_ queues: [String]) throws -> [String: QueueState] {
        var states: [String: QueueState] = [:]
        var connection: AMQPConnection?
        defer { connection?.close() }
        for queue in queues {
            let open = try connection ?? open()
            connection = open
            do {
                states[queue] = try open.state(of: queue)
            } catch {
                guard let code = error.code else { throw BrokerError.unavailable("\(open.address): \(error)") }
                states[queue] = code == AMQPException.notFound ? .absent : .refused(error.description)
                // An exception of the broker has closed the channel.
                open.close()
                connection = nil
            }
        }
        return states
    }

    /// The first broker that lets us in.
    private func open() throws(BrokerError) -> AMQPConnection {
        var first: BrokerError?
        for address in settings.brokers {
            do {
                return try AMQPConnection(to: address, name: "doorbell consumers")
            } catch {
                first = first ?? error
            }
        }
        throw first ?? .unavailable("there is no broker to ask")
    }
}
