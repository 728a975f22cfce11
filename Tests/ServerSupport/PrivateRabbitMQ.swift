import Foundation
import ProcessSupport

/// A real broker of the test process's own. It is stopped, and its directory removed, once the process has ended, however it ended.
public final class PrivateRabbitMQ: Sendable {
    /// As `guest`, without TLS.
    public let url: String
    public let port: Int
    /// The TLS listener of a broker with certificates; its certificate is for `localhost`.
    public let tlsPort: Int?
    public let certificates: TestCertificates?
    private let directory: String

    /// One for all tests that do not disturb each other: it has a TLS listener, and each test takes a prefix of its own.
    public static func shared() async throws -> PrivateRabbitMQ { try await sharedTask.value }
    private static let sharedTask = Task { try await PrivateRabbitMQ.start(withTLS: true) }

    /// A broker that a suite may bounce and starve as it likes.
    public static func start(withTLS: Bool = false) async throws -> PrivateRabbitMQ {
        let directory = (NSTemporaryDirectory() as NSString).appendingPathComponent("doorbell-rabbitmq-\(UUID().uuidString.lowercased().prefix(8))")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let certificates = withTLS ? try await TestCertificates.make(in: directory + "/certificates") : nil
        try ServerScript.rabbitmq.stopWhenThisProcessEnds(directory)
        let output = try await ServerScript.rabbitmq.run(["start", directory] + (certificates.map { ["--tls", $0.directory] } ?? []), in: directory)
        let urls = output.split(separator: "\n").map(String.init)
        guard let url = urls.first, let port = URLComponents(string: url)?.port else { throw ServerScript.Failure(text: output) }
        return PrivateRabbitMQ(
            url: url, port: port, tlsPort: urls.dropFirst().first.flatMap { URLComponents(string: $0)?.port }, certificates: certificates,
            directory: directory)
    }

    private init(url: String, port: Int, tlsPort: Int?, certificates: TestCertificates?, directory: String) {
        self.url = url
        self.port = port
        self.tlsPort = tlsPort
        self.certificates = certificates
        self.directory = directory
    }

    /// `rabbitmqctl`; returns what it prints.
    @discardableResult
    public func ctl(_ arguments: String...) async throws -> String {
        try await ServerScript.rabbitmq.run(["ctl", directory] + arguments, in: directory)
    }

    public func stop() async throws {
        _ = try await ServerScript.rabbitmq.run(["stop", directory], in: directory)
    }

    /// The same node at the same address again: after an orderly stop, or after `kill -9`.
    public func restart(killed: Bool = false) async throws {
        _ = try await ServerScript.rabbitmq.run(["restart", directory, killed ? "kill" : "fast"], in: directory)
    }
}
