import Foundation
import ServerSupport
import SignalsAMQP

extension PrivateRabbitMQ {
    /// Names of a test's own on this broker.
    func settings(
        url: String? = nil, prefix: String = "test-\(UUID().uuidString.lowercased())", declaration: String = "active"
    ) throws -> AMQPSettings {
        try AMQPSettings(url: url ?? self.url, prefix: prefix, declaration: declaration)
    }
}
