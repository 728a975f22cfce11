import Foundation
import ProcessSupport
import ServerSupport
import TestSupport
import Testing
import Yams

@Suite struct PrometheusTests {
    private static let directory = Tool.file("prometheus")

    @Test("Prometheus has nothing to say against its configuration and the alerts")
    func configurationIsValid() async throws {
        let result = try await Tool.run("promtool", ["check", "config", "\(Self.directory)/prometheus.yml"])
        #expect(result.status == 0 && !result.output.contains("WARNING"), "\(result.output)")
    }

    @Test("Each alert fires when it should, and only then")
    func alertsFire() async throws {
        let result = try await Tool.run("promtool", ["test", "rules", "alerts_test.yml"], in: Self.directory)
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("Each alert has a case in which it fires, and a chapter that says what to do")
    func alertsAreExplained() throws {
        let tests = try String(contentsOfFile: "\(Self.directory)/alerts_test.yml", encoding: .utf8)
        let book = try String(contentsOfFile: Tool.top + "/docs/operate.md", encoding: .utf8)
        let alerts = try rules().compactMap { $0["alert"] as? String }
        #expect(!alerts.isEmpty)
        for alert in alerts {
            #expect(tests.contains("alertname: \(alert)\n        exp_alerts:"), "\(alert) is never seen to fire")
            #expect(book.contains("| `\(alert)` |"), "docs/operate.md does not explain \(alert)")
        }
    }

    @Test("Each figure of the alerts and the dashboard is one that a running Doorbell gives out")
    func metricsAreThere() async throws {
        let postgres = try await PrivatePostgres.start()
        let rabbitmq = try await PrivateRabbitMQ.start()
        let directory = TemporaryDirectory()
        let deployment = try Deployment(directory: directory.file("run"))
        let environment = ["DOORBELL_DATABASE_URL": try await postgres.newDatabase(), "DOORBELL_AMQP_URL": rabbitmq.url]
        // A request that no worker can take, so that the figures of a queue are there too.
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - name: feed
                    amqp: own
                    exchange: amq.topic
                    queue: feed
                    map: {repository: "{/repository}", branch: "{/branch}", revision: "{/revision}"}
                schedulers: []
                webhooks:
                  - {name: dashboard, url: "https://hooks.example.org/doorbell", secret: {env: NOBODY_HAS_THIS}}
                builders:
                  - name: test
                    labels: {of: nobody}
                    steps:
                      - {name: unit, run: "true"}
                """)
        let server = try await deployment.start(environment: environment)
        let forced = try await deployment.api.post(
            "/api/v1/builders/test/force", ["repository": "https://example.org/demo.git", "branch": "main", "revision": "1"])
        #expect(forced.status == 201, "\(forced.text)")
        // A spool is what an intake has of its own.
        let port = try FreePort.find()
        let intake = try RunningProcess(
            Binaries.doorbell, ["intake", "--listen", "127.0.0.1:\(port)", "--data-dir", directory.file("intake")], in: directory.path,
            environment: environment, logs: directory.path, name: "intake")
        let spool = try await API(port: port).poll { () -> String? in
            let answer = try await API(port: port).get("/metrics")
            return answer.status == 200 ? answer.text : nil
        }
        let exported = Self.names(in: try await deployment.api.get("/metrics").text + spool)
        for process in [intake, server] {
            process.send(SIGTERM)
            #expect(await process.status() == 0)
        }
        try await postgres.stop()
        try await rabbitmq.stop()

        let alerts = try rules().compactMap { $0["expr"] as? String }
        let used = try Self.names(in: (alerts + dashboardExpressions()).joined(separator: "\n"))
        #expect(used.count >= 20)
        #expect(used.subtracting(exported).isEmpty, "nobody gives these out: \(used.subtracting(exported).sorted())")
    }

    private func rules() throws -> [[String: Any]] {
        let text = try String(contentsOfFile: "\(Self.directory)/alerts.yml", encoding: .utf8)
        let groups = (try Yams.load(yaml: text) as? [String: Any])?["groups"] as? [[String: Any]] ?? []
        return groups.flatMap { $0["rules"] as? [[String: Any]] ?? [] }
    }

    private func dashboardExpressions() throws -> [String] {
        let data = try Data(contentsOf: URL(fileURLWithPath: Tool.file("grafana/doorbell.json")))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let expressions = panels.flatMap { ($0["targets"] as? [[String: Any]] ?? []).compactMap { $0["expr"] as? String } }
        #expect(expressions.count >= panels.count, "every panel shows something")
        return expressions
    }

    private static func names(in text: String) -> Set<String> { Set(text.matches(of: /\bdoorbell_[a-z_]+/).map { String($0.output) }) }
}
