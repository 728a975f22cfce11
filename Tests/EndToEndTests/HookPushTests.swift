import Foundation
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
        let body = try Forge.push(revision, in: repository)
        #expect(try await Forge.tell(deployment, body, signature: String(repeating: "0", count: 64)) == 401)
        // As `openssl dgst -sha256 -hmac s3cret` signs it.
        #expect(try await Forge.tell(deployment, body, signature: Forge.signature(of: body, in: directory.path)) == 201)
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
        let body = try Forge.push(revision, in: repository)
        #expect(try await Forge.tell(deployment, body, signature: Forge.signature(of: body, in: directory.path)) == 200)
        let broken = Data(#"{"ref":"refs/heads/main"}"#.utf8)
        #expect(try await Forge.tell(deployment, broken, signature: Forge.signature(of: broken, in: directory.path)) == 422)
        #expect(try await Forge.tell(deployment, body, signature: String(repeating: "0", count: 64)) == 401)

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
}
