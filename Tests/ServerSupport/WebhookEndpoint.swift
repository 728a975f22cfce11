import Foundation
import ProcessSupport

/// A process that plays an endpoint of events: it takes them, fails, hangs, redirects or answers for ever, as it is told.
public final class WebhookEndpoint: Sendable {
    public enum Mode: String, Sendable {
        case take, hang, redirect, forever
        case fail = "500"
        case gone = "410"
    }

    public struct Request: Decodable, Sendable {
        public var method: String
        public var path: String
        public var mode: String
        public var headers: [String: String]
        public var body: Data

        public var id: String { headers["webhook-id"] ?? "" }
    }

    private let directory: String
    private let process: RunningProcess
    public let port: Int

    private var modePath: String { directory + "/mode" }
    /// One request a line.
    public var recordPath: String { directory + "/requests" }
    public var url: String { "http://127.0.0.1:\(port)" }

    public static func start(in directory: String, mode: Mode = .take) async throws -> WebhookEndpoint {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try mode.rawValue.write(toFile: directory + "/mode", atomically: true, encoding: .utf8)
        let folder = (#filePath as NSString).deletingLastPathComponent
        let process = try RunningProcess(
            "/usr/bin/python3", [folder + "/webhook_endpoint.py", directory + "/mode", directory + "/requests"], in: directory, logs: directory,
            name: "endpoint")
        for _ in 0..<600 {
            if let port = Int(process.output.split(separator: "\n").first ?? "") {
                return WebhookEndpoint(directory: directory, process: process, port: port)
            }
            if process.hasEnded { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw ServerScript.Failure(text: "the endpoint did not start: \(process.errorOutput)")
    }

    private init(directory: String, process: RunningProcess, port: Int) {
        self.directory = directory
        self.process = process
        self.port = port
    }

    public func turn(_ mode: Mode) throws { try mode.rawValue.write(toFile: modePath, atomically: true, encoding: .utf8) }

    /// Every request so far, those that were not taken too.
    public func requests() throws -> [Request] {
        guard let text = try? String(contentsOfFile: recordPath, encoding: .utf8) else { return [] }
        // The last line may be half written.
        return try text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            try JSONDecoder().decode(Request.self, from: Data($0.utf8))
        }
    }

    /// The requests that it took, in order.
    public func taken() throws -> [Request] { try requests().filter { $0.mode == Mode.take.rawValue } }

    deinit { process.send(SIGKILL) }
}
