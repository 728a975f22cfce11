import Foundation
import ProcessSupport

/// A consumer written in Python, on the client library that most of its users have (pika): what it reads is what anybody may read.
public final class ForeignConsumer: Sendable {
    public struct Message: Decodable, Sendable, Hashable {
        public var exchange: String
        public var routingKey: String
        public var contentType: String?
        public var contentEncoding: String?
        public var deliveryMode: Int?
        public var messageID: String?
        public var type: String?
        public var appID: String?
        public var correlationID: String?
        public var expiration: String?
        public var timestamp: Int?
        public var headers: [String: Header]
        public var body: String

        private enum CodingKeys: String, CodingKey {
            case exchange, type, expiration, timestamp, headers, body
            case routingKey = "routing_key"
            case contentType = "content_type"
            case contentEncoding = "content_encoding"
            case deliveryMode = "delivery_mode"
            case messageID = "message_id"
            case appID = "app_id"
            case correlationID = "correlation_id"
        }
    }

    public enum Header: Decodable, Sendable, Hashable {
        case text(String)
        case number(Int64)

        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            self = try (try? container.decode(Int64.self)).map { .number($0) } ?? .text(container.decode(String.self))
        }
    }

    private struct Wanted: Encodable {
        var exchange: String
        var key: String
        var queue: String
        var arguments: [String: Argument]
        var consume: Bool
    }

    public enum Argument: Encodable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case text(String)
        case number(Int)

        public init(stringLiteral value: String) { self = .text(value) }
        public init(integerLiteral value: Int) { self = .number(value) }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            }
        }
    }

    private let process: RunningProcess

    /// Declares and binds the queue, and reads it if wanted; returns once messages for it are kept.
    ///
    /// - Parameters:
    ///   - exchange: empty to bind nothing.
    ///   - queue: a durable queue; empty for one that vanishes with the consumer.
    public init(
        url: String, exchange: String, key: String = "#", queue: String = "", arguments: [String: Argument] = [:], consumes: Bool = true,
        in directory: String
    ) async throws {
        let wanted = Wanted(exchange: exchange, key: key, queue: queue, arguments: arguments, consume: consumes)
        let script = (#filePath as NSString).deletingLastPathComponent + "/foreign_consumer.py"
        process = try RunningProcess(
            "/usr/bin/python3", [script, url, String(decoding: try JSONEncoder().encode(wanted), as: UTF8.self)], in: directory, logs: directory,
            name: "consumer-\(UUID().uuidString)")
        _ = try await lines(1)
    }

    /// The messages so far, once there are this many.
    public func messages(_ count: Int) async throws -> [Message] {
        try await lines(count + 1).dropFirst().map { try JSONDecoder().decode(Message.self, from: Data($0.utf8)) }
    }

    /// Polls, for a file tells nobody that it has grown; bounded.
    private func lines(_ count: Int) async throws -> [Substring] {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let output = process.output
            let lines = output.split(separator: "\n")
            // The last line may still be on its way.
            let whole = output.hasSuffix("\n") ? lines : lines.dropLast()
            if whole.count >= count { return Array(whole) }
            if process.hasEnded || ContinuousClock.now > deadline {
                throw ServerScript.Failure(text: "the consumer has read \(whole.count - 1) messages, not \(count - 1): \(process.errorOutput)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
