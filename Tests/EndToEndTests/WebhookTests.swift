import Foundation
import ProcessSupport
import ServerSupport
import TestSupport
import Testing

/// `doorbell up` and an endpoint in a process of its own, which does all that endpoints do.
@Suite(.timeLimit(.minutes(5))) struct WebhookTests {
    private let directory = TemporaryDirectory()
    private let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private func deployment(_ endpoint: WebhookEndpoint, more: String = "") throws -> Deployment {
        try (secret + "\n").write(toFile: directory.file("key"), atomically: true, encoding: .utf8)
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                builders:
                  - {name: test, steps: [{name: hello, run: "echo hello"}]}
                webhooks:
                  - name: dashboard
                    url: \(endpoint.url)/doorbell
                    keys: ["build.#"]
                    secret: {file: "\(directory.file("key"))"}
                    private: true
                \(more)
                """)
        return deployment
    }

    private func build(_ deployment: Deployment) async throws {
        let forced = try await deployment.command("force", "test", "--repository", "https://example.org/demo.git", "--branch", "main")
        #expect(forced.status == 0, "\(forced.error)")
    }

    private func subscriber(_ deployment: Deployment, _ name: String = "dashboard") async throws -> [String: Any] {
        let body = try await deployment.api.get("/api/v1/subscribers/\(name)").body
        return try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    }

    private func events(_ requests: [WebhookEndpoint.Request]) throws -> [String] {
        try requests.map { request in
            let envelope = try #require(try JSONSerialization.jsonObject(with: request.body) as? [String: Any])
            #expect(envelope["id"] as? String == request.id)
            return "\(envelope["event"] ?? "")"
        }
    }

    @Test(
        "An endpoint that fails, hangs, redirects or answers for ever gets every event when it recovers, in order, with the same id",
        arguments: [WebhookEndpoint.Mode.fail, .hang, .redirect, .forever], [false, true])
    func recovers(mode: WebhookEndpoint.Mode, postgres: Bool) async throws {
        let endpoint = try await WebhookEndpoint.start(in: directory.file("endpoint"))
        let deployment = try deployment(endpoint)
        var environment: [String: String] = [:]
        if postgres { environment["DOORBELL_DATABASE_URL"] = try await PrivatePostgres.shared().newDatabase() }
        let up = try await deployment.start(environment: environment)
        _ = try await deployment.api.poll { try await subscriber(deployment)["state"] as? String == "healthy" ? true : nil }
        try await build(deployment)
        let first = try await deployment.api.poll { () -> [WebhookEndpoint.Request]? in
            let taken = try endpoint.taken()
            return taken.count >= 3 ? taken : nil
        }
        #expect(try events(first) == ["build.assigned", "build.started", "build.finished"])

        try endpoint.turn(mode)
        try await build(deployment)
        _ = try await deployment.api.poll(within: .seconds(90)) { try await subscriber(deployment)["state"] as? String == "failing" ? true : nil }
        let failing = try await deployment.command("subscribers")
        #expect(failing.output.contains("dashboard") && failing.output.contains("failing"), "\(failing.output)\(failing.error)")
        try endpoint.turn(.take)
        let all = try await deployment.api.poll(within: .seconds(90)) { () -> [WebhookEndpoint.Request]? in
            let taken = try endpoint.taken()
            return taken.count >= 6 ? taken : nil
        }
        #expect(try events(all) == ["build.assigned", "build.started", "build.finished", "build.assigned", "build.started", "build.finished"])
        #expect(all.allSatisfy { $0.path == "/doorbell" })
        // What did not arrive had the id that it has.
        let tried = Set(try endpoint.requests().filter { $0.mode == mode.rawValue }.map(\.id))
        #expect(tried.isSubset(of: Set(all.map(\.id))) && (mode == .hang || !tried.isEmpty))
        _ = try await deployment.api.poll { () -> Bool? in
            let found = try await subscriber(deployment)
            return found["state"] as? String == "healthy" && found["waiting"] as? Int == 0 && found["sent"] as? Int == 6 ? true : nil
        }
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("Killed and started again, it sends what was not sent, and nothing is lost")
    func killed() async throws {
        let endpoint = try await WebhookEndpoint.start(in: directory.file("endpoint"))
        let deployment = try deployment(endpoint)
        var up = try await deployment.start()
        _ = try await deployment.api.poll { try await subscriber(deployment)["state"] as? String == "healthy" ? true : nil }
        try endpoint.turn(.fail)
        try await build(deployment)
        _ = try await deployment.api.poll { try await subscriber(deployment)["waiting"] as? Int ?? 0 > 0 ? true : nil }
        up.send(SIGKILL)
        _ = await up.status()
        try endpoint.turn(.take)
        up = try await deployment.start()
        // A lease that nobody gave back has to end first.
        _ = try await deployment.api.poll(within: .seconds(90)) { try endpoint.taken().count >= 3 ? true : nil }
        let taken = try endpoint.taken()
        var ids: [String] = []
        for request in taken where !ids.contains(request.id) { ids.append(request.id) }
        #expect(ids.count >= 3)
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("A private address is refused unless the configuration allows it; the commands show and repeat what was sent")
    func commands() async throws {
        let endpoint = try await WebhookEndpoint.start(in: directory.file("endpoint"))
        let deployment = try deployment(
            endpoint,
            more: """
                  - {name: outside, url: "https://127.0.0.1:\(endpoint.port)/", secret: {file: "\(directory.file("key"))"}}
                """)
        let up = try await deployment.start()
        _ = try await deployment.api.poll { try await subscriber(deployment, "outside")["state"] as? String != "new" ? true : nil }
        try await build(deployment)
        _ = try await deployment.api.poll { try await subscriber(deployment)["sent"] as? Int == 3 ? true : nil }
        _ = try await deployment.api.poll { try await subscriber(deployment, "outside")["state"] as? String == "failing" ? true : nil }
        let error = try await subscriber(deployment, "outside")["error"] as? String
        #expect(error?.contains("not public") == true)
        #expect(try endpoint.requests().allSatisfy { $0.path == "/doorbell" })

        let listed = try await deployment.command("subscribers", "dashboard")
        #expect(listed.output.contains("build.finished") && listed.output.contains("sent"), "\(listed.output)")
        let oldest = try #require(try await deployment.api.list("/api/v1/subscribers/dashboard/sendings?order=asc").first?["id"] as? Int)
        let again = try await deployment.command("subscribers", "send", "dashboard", "\(oldest)")
        #expect(again.status == 0 && again.output == "sending \(oldest) goes to dashboard again\n", "\(again.error)")
        _ = try await deployment.api.poll { try endpoint.taken().count == 4 ? true : nil }
        let taken = try endpoint.taken()
        #expect(taken[3].id == taken[0].id && taken[3].body == taken[0].body)
        #expect(try await deployment.command("subscribers", "send", "dashboard", "9999").status != 0)

        let metrics = String(decoding: try await deployment.api.get("/metrics").body, as: UTF8.self)
        #expect(metrics.contains("doorbell_outgoing_sent_total{subscriber=\"dashboard\"} 4"), "\(metrics)")
        #expect(metrics.contains("doorbell_outgoing_lag_events{subscriber=\"dashboard\"} "))
        for path in ["subscribers", "subscribers/dashboard", "subscribers/dashboard/sendings", "doctor"] {
            let body = String(decoding: try await deployment.api.get("/api/v1/" + path).body, as: UTF8.self)
            #expect(!body.contains(secret.dropFirst(6)) && !body.contains(directory.file("key")), "\(path)")
        }
        up.send(SIGTERM)
        #expect(await up.status() == 0)
        #expect(!(up.output + up.errorOutput).contains(secret.dropFirst(6)))
    }
}
