import Foundation

/// One data directory with its `doorbell up` and its workers, for a test.
public final class Deployment: Sendable {
    public let directory: String
    public let port: Int
    public let api: API

    public init(directory: String) throws {
        self.directory = directory
        port = try FreePort.find()
        api = API(port: port)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    public var url: String { api.base }
    public var configurationPath: String { directory + "/doorbell.yaml" }
    public var dataDirectory: String { directory + "/data" }

    public func write(configuration: String) throws {
        try configuration.write(toFile: configurationPath, atomically: true, encoding: .utf8)
    }

    /// Starts `doorbell up` and returns without waiting for it.
    public func launch(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> RunningProcess {
        try RunningProcess(
            Binaries.doorbell,
            ["up", configurationPath, "--data-dir", dataDirectory, "--listen", "127.0.0.1:\(port)"] + arguments, in: directory,
            environment: environment, logs: directory, name: "up")
    }

    /// Starts `doorbell up` and waits until it answers.
    public func start(_ arguments: [String] = [], environment: [String: String] = [:]) async throws -> RunningProcess {
        let process = try launch(arguments, environment: environment)
        try await waitUntilReady(process)
        return process
    }

    public func waitUntilReady(_ process: RunningProcess) async throws {
        _ = try await api.poll { () -> Bool? in
            if process.hasEnded { return true }
            return try await api.get("/readyz").status == 200 ? true : nil
        }
        if process.hasEnded { throw EndedEarly(output: process.output + process.errorOutput) }
    }

    public func startWorker(_ name: String, slots: Int = 1, arguments: [String] = [], environment: [String: String] = [:]) throws -> RunningProcess {
        try RunningProcess(
            Binaries.worker,
            ["--url", url, "--name", name, "--slots", String(slots), "--data-dir", "\(directory)/worker-\(name)"] + arguments, in: directory,
            environment: environment, logs: directory, name: "worker-\(name)")
    }

    /// Runs one command for people to its end.
    public func command(_ arguments: String..., input directory: String? = nil, environment: [String: String] = [:]) async throws -> (
        status: Int32, output: String, error: String
    ) {
        let process = try RunningProcess(
            Binaries.doorbell, arguments, in: directory ?? self.directory, environment: ["DOORBELL_URL": url].merging(environment) { _, new in new },
            logs: self.directory,
            name: "command-\(UUID().uuidString)")
        guard let status = await process.status() else { throw TimedOut(bound: .seconds(60)) }
        return (status, process.output, process.errorOutput)
    }
}

public struct EndedEarly: Error, CustomStringConvertible {
    public var output: String

    public init(output: String) {
        self.output = output
    }

    public var description: String { "the program ended before it answered: \(output)" }
}
