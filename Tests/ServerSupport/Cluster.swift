import Foundation
import ProcessSupport
import Synchronization

/// A deployment of separate processes for a test: a PostgreSQL, a RabbitMQ, services and workers of its own. Everything is ended with `withCluster`.
public final class Cluster: Sendable {
    public let directory: String
    public let postgres: PrivatePostgres
    public let rabbit: PrivateRabbitMQ
    public let databaseURL: String
    public let members: [ClusterMember]
    public let workers: [ClusterMember]

    public static let roles = ["relay", "scheduler", "intake", "dispatcher", "web"]

    /// - Parameters:
    ///   - replicas: of each service.
    ///   - lease: of a build, in seconds.
    public static func withCluster(
        in directory: String, replicas: Int = 2, workers: Int = 2, lease: Int = 6, configuration: String, _ body: (Cluster) async throws -> Void
    ) async throws {
        let cluster = try await Cluster(directory: directory, replicas: replicas, workers: workers, lease: lease)
        do {
            try await cluster.start(configuration: configuration)
            try await body(cluster)
        } catch {
            // What the services said is what tells why.
            print(cluster.complaints())
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    private init(directory: String, replicas: Int, workers: Int, lease: Int) async throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        async let broker = PrivateRabbitMQ.start()
        postgres = try await PrivatePostgres.start()
        databaseURL = try await postgres.newDatabase()
        rabbit = try await broker
        let environment = [
            "DOORBELL_DATABASE_URL": databaseURL, "DOORBELL_AMQP_URL": rabbit.url, "DOORBELL_LEASE_SECONDS": String(lease),
            "DOORBELL_LOG_LEVEL": "info",
        ]
        members = try Self.roles.flatMap { role in
            try (1...replicas).map { number in
                let port = try FreePort.find()
                return ClusterMember(
                    name: "\(role)-\(number)", role: role, executable: Binaries.doorbell,
                    arguments: [role, "--listen", "127.0.0.1:\(port)", "--data-dir", "\(directory)/\(role)-\(number)"], port: port,
                    directory: directory, environment: environment)
            }
        }
        let dispatchers = members.filter { $0.role == "dispatcher" }.flatMap { ["--url", $0.api.base] }
        self.workers = (1...max(1, workers)).map { number in
            ClusterMember(
                name: "worker-\(number)", role: "worker", executable: Binaries.worker,
                arguments: dispatchers + ["--name", "worker-\(number)", "--slots", "2", "--data-dir", "\(directory)/worker-\(number)"], port: 0,
                directory: directory, environment: [:])
        }
    }

    /// The members of a role, in the order of their numbers.
    public func all(_ role: String) -> [ClusterMember] { members.filter { $0.role == role } }

    /// One of a role, counted from 0.
    public func api(_ role: String, _ number: Int = 0) -> API { all(role)[number].api }

    /// Runs one command for people to its end, against the first web service.
    public func command(_ arguments: String...) async throws -> (status: Int32, output: String, error: String) {
        let process = try RunningProcess(
            Binaries.doorbell, arguments, in: directory, environment: ["DOORBELL_URL": api("web").base, "DOORBELL_DATABASE_URL": databaseURL],
            logs: directory, name: "command-\(UUID().uuidString)")
        guard let status = await process.status(within: .seconds(120)) else { throw TimedOut(bound: .seconds(120)) }
        return (status, process.output, process.errorOutput)
    }

    /// Waits until every service says what it should of its health: `ready`, `degraded` or `unavailable`.
    public func waitUntil(_ word: String, within bound: Duration = .seconds(120)) async throws {
        for member in members {
            _ = try await member.api.poll(within: bound) { () -> Bool? in
                if let status = member.endedWith { throw EndedEarly(output: "\(member.name) ended with \(status): \(member.errorOutput)") }
                return try await member.api.get("/readyz").text.hasPrefix(word) ? true : nil
            }
        }
    }

    private func start(configuration: String) async throws {
        let migrated = try await command("migrate")
        guard migrated.status == 0 else { throw EndedEarly(output: migrated.error) }
        for member in members { try member.start() }
        try await waitUntil("ready")
        let path = directory + "/doorbell.yaml"
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        let applied = try await command("config", "apply", path)
        guard applied.status == 0 else { throw EndedEarly(output: applied.error) }
        for worker in workers { try worker.start() }
    }

    private func stop() async {
        for member in workers + members { member.kill() }
        for member in workers + members { _ = await member.waitForEnd() }
        try? await rabbit.stop()
        try? await postgres.stop(.immediate)
    }

    private func complaints() -> String {
        (members + workers).map { member in
            "\(member.name): " + member.errorOutput.split(separator: "\n").suffix(12).joined(separator: "\n    ")
        }.joined(separator: "\n")
    }
}
