import Foundation
import ProcessSupport
import TestSupport

/// Services as processes of their own on one database, each started when a benchmark wants it. The processes are ended with the object.
final class ServiceSet: Sendable {
    struct Member: Sendable {
        var process: RunningProcess
        var port: Int

        func metric(_ name: String) async throws -> Double { try await Metrics.value(name, at: API(port: port)) }
    }

    private let directory = TemporaryDirectory()
    private let environment: [String: String]
    private let intake: Member

    /// Makes the tables, applies the configuration, and starts an intake.
    init(configuration: String, environment: [String: String]) async throws {
        self.environment = environment
        let path = directory.file("doorbell.yaml")
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        try await Self.command(["migrate"], in: directory.path, environment)
        let web = try await Self.start("web", in: directory.path, environment)
        try await Self.command(["config", "apply", path, "--url", API(port: web.port).base], in: directory.path, [:])
        try await Self.stop(web)
        intake = try await Self.start("intake", in: directory.path, environment)
    }

    /// Has so many changes accepted, by many clients.
    func accept(_ count: Int, clients: Int = 32) async throws {
        let (port, round) = (intake.port, UUID().uuidString.prefix(8))
        _ = try await Threads.run(clients) { number in
            let client = try ChangeClient(port: port, name: "\(round)-\(number)")
            for _ in 0..<(count / clients) { try client.submit() }
        }
    }

    func start(_ kind: String) async throws -> Member { try await Self.start(kind, in: directory.path, environment) }

    func stop(_ member: Member) async throws { try await Self.stop(member) }

    func stop() async throws { try await Self.stop(intake) }

    private static func start(_ kind: String, in directory: String, _ environment: [String: String]) async throws -> Member {
        let port = try FreePort.find()
        let name = "\(kind)-\(port)"
        let process = try RunningProcess(
            Binaries.doorbell, [kind, "--listen", "127.0.0.1:\(port)", "--data-dir", "\(directory)/\(name)"], in: directory,
            environment: environment, logs: directory, name: name)
        _ = try await API(port: port).poll { try await API(port: port).get("/readyz").status == 200 ? true : nil }
        return Member(process: process, port: port)
    }

    private static func command(_ arguments: [String], in directory: String, _ environment: [String: String]) async throws {
        let process = try RunningProcess(
            Binaries.doorbell, arguments, in: directory, environment: environment, logs: directory, name: arguments[0])
        guard await process.status() == 0 else {
            throw BenchmarkFailure("doorbell \(arguments[0]) did not end well: \(process.output + process.errorOutput)")
        }
    }

    private static func stop(_ member: Member) async throws {
        member.process.send(SIGTERM)
        guard await member.process.status() == 0 else {
            throw BenchmarkFailure("a service did not end well: \(member.process.errorOutput.suffix(500))")
        }
    }
}
