import Foundation
import ProcessSupport
import ServerSupport
import Synchronization
import TestSupport

/// Two of every service and four workers as processes of their own, on a real PostgreSQL and a real RabbitMQ. Between a kind of process and
/// whatever it talks to there is a proxy that can cut and hold.
final class FaultCluster: Sendable {
    let directory = TemporaryDirectory()
    let postgres: PrivatePostgres
    let rabbitmq: PrivateRabbitMQ
    /// Straight to the database, for the judge.
    let databaseURL: String
    private let lines: [ClusterFault.Server: [String: [FaultProxy]]]
    private let ports: [String: Int]
    private let running = Mutex<[String: RunningProcess]>([:])

    static let services = ["relay", "scheduler", "intake", "dispatcher", "web"]
    static let lease = 5

    init() async throws {
        postgres = try await PrivatePostgres.start()
        rabbitmq = try await PrivateRabbitMQ.start()
        databaseURL = try await postgres.newDatabase()
        guard let port = URLComponents(string: databaseURL)?.port else { throw EndedEarly(output: databaseURL) }
        var ports: [String: Int] = [:]
        for service in Self.services {
            for number in 1...2 { ports["\(service)-\(number)"] = try FreePort.find() }
        }
        self.ports = ports
        let targets: [ClusterFault.Server: [Int]] = [
            .database: [port], .broker: [rabbitmq.port], .dispatchers: (1...2).map { ports["dispatcher-\($0)"] ?? 0 },
        ]
        lines = try targets.reduce(into: [:]) { lines, target in
            for client in target.key.clients { lines[target.key, default: [:]][client] = try target.value.map { try FaultProxy(to: $0) } }
        }
    }

    /// The ways of a kind of process to a server: one, or one to each dispatcher.
    private func lines(_ kind: String, to server: ClusterFault.Server) -> [FaultProxy] { lines[server]?[kind] ?? [] }

    private func environment(of kind: String) -> [String: String] {
        func through(_ proxies: [FaultProxy], _ url: String) -> String {
            var parts = URLComponents(string: url) ?? URLComponents()
            parts.port = proxies.first?.port
            return parts.string ?? url
        }
        return [
            "DOORBELL_DATABASE_URL": through(lines(kind, to: .database), databaseURL),
            "DOORBELL_AMQP_URL": through(lines(kind, to: .broker), rabbitmq.url),
            "DOORBELL_LEASE_SECONDS": String(Self.lease), "DOORBELL_LOG_LEVEL": "info",
        ]
    }

    func api(_ name: String) -> API { API(port: ports[name] ?? 0) }
    var web: API { api("web-1") }
    var names: [String] { ports.keys.sorted() + (1...4).map { "worker-\($0)" } }

    /// Migrates and starts the services; nothing has happened yet that an event could tell of.
    func startServices() async throws {
        let migrate = try RunningProcess(
            Binaries.doorbell, ["migrate"], in: directory.path, environment: environment(of: "relay"), logs: directory.path, name: "migrate")
        guard await migrate.status() == 0 else { throw EndedEarly(output: migrate.errorOutput) }
        for name in ports.keys.sorted() { try launch(name) }
        for name in ports.keys.sorted() { try await ready(name) }
    }

    /// Returns once a service says that it is; of a worker nothing is asked.
    private func ready(_ name: String) async throws {
        guard ports[name] != nil else { return }
        _ = try await api(name).poll { try await self.api(name).get("/readyz").status == 200 ? true : nil }
    }

    /// Applies the configuration and starts the workers.
    func startWork(configuration: String) async throws {
        let path = directory.file("doorbell.yaml")
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        let apply = try RunningProcess(
            Binaries.doorbell, ["config", "apply", path, "--url", web.base], in: directory.path, logs: directory.path, name: "apply")
        guard await apply.status() == 0 else { throw EndedEarly(output: apply.output + apply.errorOutput) }
        for number in 1...4 { try launch("worker-\(number)") }
    }

    func launch(_ name: String) throws {
        let process: RunningProcess
        if name.hasPrefix("worker") {
            let dispatchers = lines("worker", to: .dispatchers).map { API(port: $0.port).base }.joined(separator: ",")
            process = try RunningProcess(
                Binaries.worker, ["--name", name, "--slots", "2", "--data-dir", directory.file(name)], in: directory.path,
                environment: ["DOORBELL_URL": dispatchers], logs: directory.path, name: name)
        } else {
            let kind = String(name.prefix { $0 != "-" })
            process = try RunningProcess(
                Binaries.doorbell, [kind, "--listen", "127.0.0.1:\(ports[name] ?? 0)", "--data-dir", directory.file(name)], in: directory.path,
                environment: environment(of: kind), logs: directory.path, name: name)
        }
        running.withLock { $0[name] = process }
    }

    func process(_ name: String) -> RunningProcess? { running.withLock { $0[name] } }

    func kill(_ name: String) async {
        guard let process = process(name) else { return }
        process.send(SIGKILL)
        _ = await process.status()
    }

    /// Carries out a fault; everything is there again when it returns.
    func suffer(_ fault: ClusterFault, using generator: inout some RandomNumberGenerator) async throws {
        switch fault {
        case .kill(let kind):
            let name = "\(kind)-\(Int.random(in: 1...(kind == "worker" ? 4 : 2), using: &generator))"
            await kill(name)
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...1000, using: &generator)))
            try launch(name)
            try await ready(name)
        case .freezeRelays(let time):
            for name in ["relay-1", "relay-2"] {
                process(name)?.send(SIGSTOP)
                try await Task.sleep(for: time)
                process(name)?.send(SIGCONT)
            }
        case .databaseRestarts(let immediately): try await postgres.restart(immediately ? .immediate : .fast)
        case .databaseGone(let time):
            try await postgres.stop(.fast)
            try await Task.sleep(for: time)
            try await postgres.startAgain()
        case .brokerRestarts(let killed): try await rabbitmq.restart(killed: killed)
        case .brokerGone(let time):
            try await rabbitmq.stop()
            try await Task.sleep(for: time)
            try await rabbitmq.restart()
        case .brokerShortOfMemory(let time):
            try await rabbitmq.ctl("set_vm_memory_high_watermark", "0.0000001")
            try await Task.sleep(for: time)
            try await rabbitmq.ctl("set_vm_memory_high_watermark", "0.4")
        case .databaseConnectionsCut:
            for proxy in Self.services.flatMap({ lines($0, to: .database) }) { proxy.cut() }
        case .dispatchersGone(let time):
            for name in ["dispatcher-1", "dispatcher-2"] { await kill(name) }
            try await Task.sleep(for: time)
            for name in ["dispatcher-1", "dispatcher-2"] { try launch(name) }
            for name in ["dispatcher-1", "dispatcher-2"] { try await ready(name) }
        case .rollingRestart:
            for name in names {
                process(name)?.send(SIGTERM)
                let status = await process(name)?.status(within: .seconds(45))
                guard status == 0 else { throw EndedEarly(output: "\(name): \(status.map(String.init) ?? "did not end")") }
                try launch(name)
                try await ready(name)
            }
        case .partition(let kind, let server, let time):
            for proxy in lines(kind, to: server) { proxy.hold(true) }
            try await Task.sleep(for: time)
            for proxy in lines(kind, to: server) { proxy.hold(false) }
        }
    }

    /// Ends every process in good order, workers first; the names of those that did not.
    func drain() async -> [String] {
        var bad: [String] = []
        for name in names.reversed() {
            guard let process = process(name) else { continue }
            process.send(SIGTERM)
            let status = await process.status(within: .seconds(45))
            if status != 0 { bad.append("\(name): \(status.map(String.init) ?? "did not end")") }
        }
        return bad
    }

    /// The ends of the services' logs, for whoever has to find out what went wrong.
    var logs: String {
        names.map { name in
            let text = (try? String(contentsOfFile: "\(directory.path)/\(name).err", encoding: .utf8)) ?? ""
            return "--- \(name)\n" + text.split(separator: "\n").suffix(12).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// Ends what is left.
    func stop() async {
        for name in names { process(name)?.send(SIGKILL) }
        for proxy in lines.values.flatMap(\.values).flatMap({ $0 }) { proxy.stop() }
        try? await postgres.stop(.immediate)
        try? await rabbitmq.stop()
    }
}
