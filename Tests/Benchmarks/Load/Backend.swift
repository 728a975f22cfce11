import Foundation
import ServerSupport

/// Where the state is while a benchmark runs.
enum Backend: Sendable {
    case sqlite
    /// With a RabbitMQ beside it.
    case postgres

    var name: String {
        switch self {
        case .sqlite: "sqlite"
        case .postgres: "postgres and rabbitmq"
        }
    }

    /// The environment that makes `doorbell up` use it; a database and a virtual host of its own for each call.
    func start() async throws -> @Sendable () async throws -> [String: String] {
        switch self {
        case .sqlite: return { [:] }
        case .postgres:
            let server = try await PrivatePostgres.shared()
            let broker = try await PrivateRabbitMQ.shared()
            return {
                // A database's events are its own, and so are its rings: what another benchmark left may not wake this one.
                let host = "bench-\(UUID().uuidString.prefix(8))"
                try await broker.ctl("add_vhost", host)
                try await broker.ctl("set_permissions", "-p", host, "guest", ".*", ".*", ".*")
                return [
                    "DOORBELL_DATABASE_URL": try await server.newDatabase(),
                    "DOORBELL_AMQP_URL": "amqp://guest:guest@127.0.0.1:\(broker.port)/\(host)",
                ]
            }
        }
    }

    /// What the servers themselves can do; nil where there are none.
    func floors(quick: Bool) async throws -> SharedFloors? {
        guard self == .postgres else { return nil }
        return try await SharedFloors.measure(
            quick: quick, database: try await PrivatePostgres.shared().newDatabase(), brokerPort: try await PrivateRabbitMQ.shared().port)
    }
}
