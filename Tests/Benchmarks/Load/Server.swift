import Foundation
import ProcessSupport
import TestSupport

/// A `doorbell up` with a data directory of its own. The process is ended with the object, the directory removed.
final class Server: Sendable {
    let directory = TemporaryDirectory()
    let deployment: Deployment
    let process: RunningProcess
    var port: Int { deployment.port }

    /// - Parameters:
    ///   - slots: of the embedded worker; 0 runs none.
    ///   - prepare: fills the database before the server that is measured starts; its path is given.
    ///   - environment: names the store that it uses.
    init(
        configuration: String, slots: Int, environment: [String: String], prepare: (@Sendable (String) throws -> Void)? = nil
    ) async throws {
        deployment = try Deployment(directory: directory.file("up"))
        try deployment.write(configuration: configuration)
        if let prepare {
            // A first start makes the database.
            let first = try await deployment.start(["--slots", "0", "--quiet"], environment: environment)
            try await Self.stop(first)
            let path = deployment.dataDirectory + "/doorbell.sqlite"
            try await Threads.run { try prepare(path) }
        }
        process = try await deployment.start(["--slots", String(slots), "--quiet"], environment: environment)
    }

    func stop() async throws { try await Self.stop(process) }

    private static func stop(_ process: RunningProcess) async throws {
        process.send(SIGTERM)
        guard await process.status() == 0 else { throw BenchmarkFailure("doorbell up did not end well: \(process.errorOutput.suffix(500))") }
    }

    /// A figure of `/metrics`.
    func metric(_ name: String) async throws -> Double {
        try await Metrics.value(name, at: deployment.api)
    }

    /// SQL statements that the body made the server run. What asking for the count costs is measured, and left out.
    func statements(_ body: () async throws -> Void) async throws -> Double {
        let first = try await metric("sql_statements_total")
        let start = try await metric("sql_statements_total")
        try await body()
        return try await metric("sql_statements_total") - start - (start - first)
    }

    var memory: (now: Double, peak: Double) { get throws { try ProcessStatus.memory(process.pid) } }
}
