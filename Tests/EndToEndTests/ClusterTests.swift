import Foundation
import ProcessSupport
import ServerSupport
import TestSupport
import Testing

/// Separate services on a real PostgreSQL and a real RabbitMQ: two of each, restarted and cut off while builds run. What kills do to them is judged by the fault suite.
@Suite(.serialized) struct ClusterTests {
    private let directory = TemporaryDirectory()

    private func configuration(repository: String? = nil, run: String, builders: Int = 1) -> String {
        let names = (1...builders).map { "build\($0)" }
        return """
            project: demo
            \(repository.map { "sources:\n  - {name: repo, git: \"\($0)\", branches: [\"*\"], every: 1s}" } ?? "")
            schedulers:
              - {name: commits, kind: any-branch, builders: [\(names.joined(separator: ", "))]}
            builders:
            \(names.map { "  - name: \($0)\n    steps:\n      - {name: work, run: \"\(run)\"}" }.joined(separator: "\n"))
            """
    }

    private func submit(_ number: Int, to api: API) async throws -> API.Answer {
        try await api.post(
            "/api/v1/changes",
            [
                "source": "test", "project": "demo", "repository": "/nowhere", "branch": "main", "revision": "r\(number)",
                "dedupe_key": "change \(number)",
            ])
    }

    /// Submits until it is answered, at one intake after the other: what a hook with retries does.
    private func submitForSure(_ number: Int, _ cluster: Cluster) async throws {
        let intakes = cluster.all("intake")
        _ = try await API(port: 1).poll(within: .seconds(120)) { () -> Bool? in
            for intake in intakes {
                if let answer = try? await submit(number, to: intake.api), (200..<300).contains(answer.status) { return true }
            }
            return nil
        }
    }

    /// Waits until this many buildsets have ended, and judges: each change has one buildset for each rule, each request one end, and all succeeded.
    private func judge(_ cluster: Cluster, changes: Int, builders: Int = 1, within bound: Duration = .seconds(240)) async throws {
        let web = cluster.all("web")
        let finished = try await API(port: 1).poll(within: bound) { () -> [[String: Any]]? in
            for member in web {
                guard let found = try? await member.api.list("/api/v1/buildsets?finished=1&limit=200") else { continue }
                if found.count >= changes { return found }
            }
            return nil
        }
        #expect(finished.count == changes)
        #expect(finished.allSatisfy { $0["outcome"] as? String == "success" })
        #expect(Set(finished.compactMap { ($0["changes"] as? [Int])?.first }).count == changes)
        let requests = try await web[0].api.list("/api/v1/requests?limit=200")
        #expect(requests.count == changes * builders)
        #expect(requests.allSatisfy { $0["phase"] as? String == "finished" && $0["outcome"] as? String == "success" })
    }

    @Test("A pushed commit becomes one change, is built, and its log can be followed at a replica that no worker calls; doctor shows every service")
    func mainJob() async throws {
        let repository = try GitRepository(at: directory.file("repo"))
        try repository.commit(["greeting": "hello\n"], message: "Greet")
        let run = "for i in 1 2 3 4 5 6; do echo line $i; sleep 0.3; done"
        try await Cluster.withCluster(in: directory.file("cluster"), configuration: configuration(repository: repository.path, run: run)) { cluster in
            let web = cluster.api("web", 1)
            let build = try await web.poll { try await web.list("/api/v1/builds").first?["id"] as? Int }
            let name = try await web.poll { () -> String? in
                (try await web.get("/api/v1/builds/\(build)").object["logs"] as? [[String: Any]])?.first?["name"] as? String
            }
            // Ends when the log is closed: by a notice over the broker.
            let followed = try await web.get("/api/v1/builds/\(build)/logs/\(name)?follow=1").text
            #expect(followed == (1...6).map { "line \($0)\n" }.joined())
            try repository.commit(["greeting": "hello again\n"], message: "Greet again")
            try await judge(cluster, changes: 2)
            #expect(try await web.list("/api/v1/changes").count == 2)

            let services = try await web.list("/api/v1/services")
            #expect(Set(services.compactMap { $0["address"] as? String }) == Set(cluster.members.map(\.api.base)))
            #expect(services.allSatisfy { $0["state"] as? String == "ready" })
            let doctor = try await cluster.command("doctor")
            #expect(doctor.status == 0, "\(doctor.output)")
            #expect(try await web.get("/services").text.contains(cluster.api("relay").base))
            for member in cluster.members { #expect(try await member.api.get("/metrics").text.contains("doorbell_bell_healthy 1")) }
        }
    }

    @Test("A cancel at any replica reaches the worker of whichever dispatcher, at once")
    func cancel() async throws {
        try await Cluster.withCluster(in: directory.file("cluster"), lease: 300, configuration: configuration(run: "exec sleep 600")) { cluster in
            for number in 0..<2 { try await submitForSure(number, cluster) }
            for replica in 0..<2 {
                let web = cluster.api("web", replica)
                let id = try await web.poll { try await web.list("/api/v1/builds?phase=running").first?["id"] as? Int }
                #expect(try await web.post("/api/v1/builds/\(id)/cancel", ["reason": "enough"]).status == 200)
                // Long before the worker renews a lease of 300 s.
                let outcome = try await web.poll(within: .seconds(60)) { try await web.get("/api/v1/builds/\(id)").object["outcome"] as? String }
                #expect(outcome == "cancelled")
            }
        }
    }

    @Test("A rolling restart of every service while builds run loses nothing and builds nothing twice")
    func rollingRestart() async throws {
        try await Cluster.withCluster(in: directory.file("cluster"), configuration: configuration(run: "sleep 0.4; echo done", builders: 2)) {
            cluster in
            let changes = 30
            let submitting = Task {
                for number in 0..<changes {
                    try await submitForSure(number, cluster)
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            for member in cluster.members { try await member.bounce(draining: true) }
            try await submitting.value
            try await judge(cluster, changes: changes, builders: 2)
            try await cluster.waitUntil("ready")
            #expect(try await cluster.api("web").list("/api/v1/builds?limit=200").count == changes * 2)
        }
    }

    @Test("A build survives the death of its dispatcher, and of all of them for longer than a lease")
    func dispatchersAway() async throws {
        try await Cluster.withCluster(
            in: directory.file("cluster"), lease: 3, configuration: configuration(run: "for i in $(seq 20); do echo $i; sleep 0.5; done")
        ) {
            cluster in
            let web = cluster.api("web")
            try await submitForSure(0, cluster)
            try await submitForSure(1, cluster)
            _ = try await web.poll { try await web.list("/api/v1/builds?phase=running").count == 2 ? true : nil }
            cluster.all("dispatcher")[0].kill()
            try await Task.sleep(for: .seconds(1))
            cluster.all("dispatcher")[1].kill()
            // Longer than a lease: an outage of ours, which ends nobody's.
            try await Task.sleep(for: .seconds(5))
            for dispatcher in cluster.all("dispatcher") {
                _ = await dispatcher.waitForEnd()
                try dispatcher.start()
            }
            try await judge(cluster, changes: 2)
            let builds = try await web.list("/api/v1/builds")
            #expect(builds.count == 2)
            for build in builds {
                let id = try #require(build["id"] as? Int)
                let name = try #require((try await web.get("/api/v1/builds/\(id)").object["logs"] as? [[String: Any]])?.first?["name"] as? String)
                #expect(try await web.get("/api/v1/builds/\(id)/logs/\(name)").text == (1...20).map { "\($0)\n" }.joined())
            }
        }
    }

    @Test("With the database gone changes are spooled under the chains that they keep, no build is lost, and all goes on by itself when it is back")
    func databaseGone() async throws {
        try await Cluster.withCluster(in: directory.file("cluster"), lease: 4, configuration: configuration(run: "sleep 8; echo done")) { cluster in
            let web = cluster.api("web")
            try await submitForSure(0, cluster)
            _ = try await web.poll { try await web.list("/api/v1/builds?phase=running").count == 1 ? true : nil }
            try await cluster.postgres.stop(.immediate)
            var chains: [String] = []
            for number in 1...5 {
                let answer = try await submit(number, to: cluster.api("intake", number % 2))
                #expect(answer.status == 202)
                chains.append(try #require(answer.object["chain"] as? String))
            }
            // An intake that starts meanwhile knows the deployment from its own disk, and keeps what it spooled before it was killed.
            try await cluster.all("intake")[1].bounce()
            let late = try await cluster.api("intake", 1).poll { () -> API.Answer? in
                let answer = try await submit(6, to: cluster.api("intake", 1))
                return answer.status == 202 ? answer : nil
            }
            chains.append(try #require(late.object["chain"] as? String))
            #expect(try await cluster.api("intake", 1).get("/readyz").text.contains("spool"))
            try await Task.sleep(for: .seconds(6))
            try await cluster.postgres.startAgain()
            try await judge(cluster, changes: 7)
            try await cluster.waitUntil("ready")
            let changes = try await web.list("/api/v1/changes?order=asc")
            #expect(Set(changes.dropFirst().compactMap { $0["chain"] as? String }) == Set(chains))
            #expect(try await web.list("/api/v1/builds?outcome=exception").isEmpty)
        }
    }

    @Test("Without its broker everything goes on and says so; when the broker is back nobody has to do anything")
    func brokerGone() async throws {
        try await Cluster.withCluster(in: directory.file("cluster"), configuration: configuration(run: "echo done")) { cluster in
            try await submitForSure(0, cluster)
            try await judge(cluster, changes: 1)
            try await cluster.rabbit.stop()
            try await cluster.waitUntil("degraded")
            try await submitForSure(1, cluster)
            try await judge(cluster, changes: 2)
            try await cluster.rabbit.restart()
            try await cluster.waitUntil("ready")
            try await submitForSure(2, cluster)
            try await judge(cluster, changes: 3)
        }
    }
}
