import Foundation
import ProcessSupport
import TestSupport

@testable import StoragePostgres

/// A real pgbouncer in transaction mode before a database; it ends with the object, or with the test process.
final class PrivatePooler: Sendable {
    let port: Int
    private let process: RunningProcess
    private let directory = TemporaryDirectory()

    /// - Parameter connections: how many it has to the database.
    init(_ database: TestDatabase, connections: Int) async throws {
        let parts = URLComponents(string: database.url)
        port = try FreePort.find()
        let name = URL(string: database.url)?.lastPathComponent ?? ""
        let configuration = """
            [databases]
            \(name) = host=127.0.0.1 port=\(database.port) user=doorbell password=\(parts?.password ?? "")
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = \(connections)
            """
        try configuration.write(toFile: directory.file("pgbouncer.ini"), atomically: true, encoding: .utf8)
        // It refuses to run as root.
        let user = getuid() == 0 ? "-u postgres" : ""
        let script = """
            trap 'kill $pooler' TERM
            PATH=$PATH:/usr/sbin pgbouncer -q \(user) \(directory.file("pgbouncer.ini")) & pooler=$!
            (while kill -0 $1 2>/dev/null; do sleep 1; done; kill $pooler) & watcher=$!
            wait $pooler; wait $pooler; kill $watcher
            """
        process = try RunningProcess(
            "/bin/bash", ["-c", script, "pooler", String(ProcessInfo.processInfo.processIdentifier)], in: "/", logs: directory.path, name: "pgbouncer"
        )
        let isThere = await eventually { (try? PostgresConnection.connects(database.url(port: port) + "&prepared=off")) == true }
        guard isThere else { throw Failure(output: process.errorOutput) }
    }

    struct Failure: Error {
        var output: String
    }

    func stop() async {
        process.send(SIGTERM)
        _ = await process.status()
    }
}
