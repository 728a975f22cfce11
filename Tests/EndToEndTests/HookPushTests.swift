import AsyncHTTPClient
import Foundation
import NIOCore
import ProcessSupport
import TestSupport
import Testing

/// A forge tells a real `doorbell up` of a push.
@Suite struct HookPushTests {
    let directory = TemporaryDirectory()

    @Test("A signed push is built at its revision; one with another signature is refused, and makes nothing")
    func pushIsBuilt() async throws {
        let repository = try GitRepository(at: directory.file("repo"))
        let revision = try repository.commit(["greeting": "hello from a hook\n"], message: "Greet")
        let deployment = try Deployment(directory: directory.file("run"))
        let secret = directory.file("secret")
        try "s3cret\n".write(toFile: secret, atomically: true, encoding: .utf8)
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: forge, hook: github, secret: {file: "\(secret)"}}
                schedulers:
                  - {name: commits, kind: branch, branches: [main], builders: [test]}
                builders:
                  - {name: test, steps: [{checkout: {}}, {name: greet, run: cat greeting}]}
                """)
        let up = try await deployment.start()
        let body = try Self.push(revision, in: repository)
        #expect(try await tell(deployment, body, signature: String(repeating: "0", count: 64)) == 401)
        // As `openssl dgst -sha256 -hmac s3cret` signs it.
        #expect(try await tell(deployment, body, signature: signature(of: body)) == 201)
        let builds = try await deployment.api.poll { () -> [[String: Any]]? in
            let builds = try await deployment.api.list("/api/v1/builds?phase=finished")
            return builds.isEmpty ? nil : builds
        }
        #expect(builds.count == 1 && builds[0]["outcome"] as? String == "success")
        #expect(try await deployment.api.get("/api/v1/builds/1/logs/2-greet").text == "hello from a hook\n")
        #expect(try await deployment.api.list("/api/v1/changes").count == 1)
        #expect(try await deployment.api.get("/metrics").text.contains(#"doorbell_hooks_total{source="forge",fate="refused"} 1"#))
        #expect(!up.errorOutput.contains("s3cret") && !up.output.contains("s3cret"))
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("Pushes that were not watched for, or could not be read, are shown; one is built when it is read again by a mended configuration")
    func readAgain() async throws {
        let repository = try GitRepository(at: directory.file("repo"))
        let revision = try repository.commit(["greeting": "hello from a hook\n"], message: "Greet")
        let deployment = try Deployment(directory: directory.file("run"))
        let secret = directory.file("secret")
        try "s3cret\n".write(toFile: secret, atomically: true, encoding: .utf8)
        let configuration = """
            project: demo
            sources:
              - {name: forge, hook: github, secret: {file: "\(secret)"}, branches: ["release/*"]}
            schedulers:
              - {name: commits, kind: branch, branches: [main], builders: [test]}
            builders:
              - {name: test, steps: [{checkout: {}}, {name: greet, run: cat greeting}]}
            """
        try deployment.write(configuration: configuration)
        let up = try await deployment.start()
        let body = try Self.push(revision, in: repository)
        #expect(try await tell(deployment, body, signature: signature(of: body)) == 200)
        let broken = Data(#"{"ref":"refs/heads/main"}"#.utf8)
        #expect(try await tell(deployment, broken, signature: signature(of: broken)) == 422)
        #expect(try await tell(deployment, body, signature: String(repeating: "0", count: 64)) == 401)

        let list = try await deployment.command("deliveries")
        #expect(list.status == 0 && list.output.split(separator: "\n").count == 3, "\(list.output)")
        #expect(list.output.contains("ignored") && list.output.contains("the source does not watch branch main"))
        let refused = try await deployment.command("deliveries", "--verdict", "refused")
        #expect(refused.output.contains("/before: is missing") && !refused.output.contains("ignored"), "\(refused.output)")
        let shown = try await deployment.command("deliveries", "show", "2")
        #expect(shown.output.contains("delivery 2") && shown.output.contains("d-1") && shown.output.hasSuffix("{\"ref\":\"refs/heads/main\"}\n"))
        #expect(try await deployment.command("deliveries", "show", "1", "--body").output == String(decoding: body, as: UTF8.self))
        let same = try await deployment.command("deliveries", "redeliver", "1")
        #expect(same.status == 0 && same.output == "delivery 1 makes no change: the source does not watch branch main\n", "\(same)")

        try deployment.write(configuration: configuration.replacing("release/*", with: "main"))
        #expect(try await deployment.api.post("/api/v1/config/reload").status == 200)
        let again = try await deployment.command("deliveries", "redeliver", "1")
        #expect(again.status == 0 && again.output == "change 1\n", "\(again)")
        #expect(try await deployment.command("deliveries", "redeliver", "1").output == "change 1, which was there already\n")
        let wrong = try await deployment.command("deliveries", "redeliver", "2")
        #expect(wrong.status == 65 && wrong.output == "delivery 2 is refused: /before: is missing\n", "\(wrong)")
        #expect(try await deployment.command("deliveries", "redeliver", "3").status == 65)
        let builds = try await deployment.api.poll { () -> [[String: Any]]? in
            let builds = try await deployment.api.list("/api/v1/builds?phase=finished")
            return builds.isEmpty ? nil : builds
        }
        #expect(builds.count == 1 && builds[0]["outcome"] as? String == "success")
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    private static func push(_ revision: String, in repository: GitRepository) throws -> Data {
        try JSONSerialization.data(withJSONObject: [
            "ref": "refs/heads/main", "before": String(repeating: "0", count: 40), "after": revision,
            "commits": [["id": revision, "message": "Greet", "author": ["name": "Ada", "email": "ada@example.org"]] as [String: Any]],
            "repository": ["full_name": "demo/demo", "clone_url": repository.path, "ssh_url": repository.path],
        ])
    }

    private func tell(_ deployment: Deployment, _ body: Data, signature: String) async throws -> Int {
        var request = HTTPClientRequest(url: deployment.api.base + "/hooks/forge")
        request.method = .POST
        request.headers.add(contentsOf: [
            ("Content-Type", "application/json"), ("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d-1"),
            ("X-Hub-Signature-256", "sha256=" + signature),
        ])
        request.body = .bytes(ByteBuffer(bytes: body))
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(30)).status.code)
    }

    private func signature(of body: Data) async throws -> String {
        try body.write(to: URL(fileURLWithPath: directory.file("body")))
        let process = try RunningProcess(
            "/usr/bin/openssl", ["dgst", "-sha256", "-hmac", "s3cret", "-r", directory.file("body")], in: directory.path, logs: directory.path,
            name: "sign-\(body.count)")
        try #require(await process.status() == 0)
        return String(process.output.prefix(64))
    }
}
