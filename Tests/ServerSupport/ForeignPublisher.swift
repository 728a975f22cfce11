import Foundation
import ProcessSupport

/// Publishes with client libraries that others use: pika, or fedora-messaging on top of it.
public struct ForeignPublisher: Sendable {
    public enum Library: String, Sendable {
        case pika
        case fedoraMessaging = "fedora_messaging"
    }

    public struct Message: Encodable, Sendable {
        /// Made as a durable topic exchange when it is not there; empty: the key is a queue.
        public var exchange: String
        public var key: String
        public var body: String
        public var id: String?
        public var headers: [String: String]

        public init(exchange: String, key: String, body: String, id: String? = nil, headers: [String: String] = [:]) {
            self.exchange = exchange
            self.key = key
            self.body = body
            self.id = id
            self.headers = headers
        }
    }

    let url: String
    let directory: String

    public init(url: String, in directory: String) {
        self.url = url
        self.directory = directory
    }

    /// Publishes in this order; returns when the broker has confirmed all.
    public func publish(_ messages: [Message], with library: Library = .pika) async throws {
        let folder = (#filePath as NSString).deletingLastPathComponent
        let input = "\(directory)/publish-\(UUID().uuidString).json"
        try JSONEncoder().encode(messages).write(to: URL(fileURLWithPath: input))
        // Debian has pika; what is not in Debian, `make setup` puts below .build.
        let top = ((folder as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
        let python = library == .pika ? "/usr/bin/python3" : "\(top)/.build/tools/bin/python3"
        let process = try RunningProcess(
            python, [folder + "/foreign_publisher.py", library.rawValue, url, input], in: directory, logs: directory,
            name: "publisher-\(UUID().uuidString)")
        guard await process.status() == 0 else { throw ServerScript.Failure(text: "publishing failed: \(process.errorOutput)") }
    }
}
