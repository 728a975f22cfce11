import Crypto
import Foundation
import ProcessSupport
import ServerSupport
import TestSupport
import Testing

/// A build that does all it can to show its secrets.
@Suite struct SecretTests {
    private static let key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7bq\n98xk2ldPz0aQ\n-----END KEY-----\n"

    /// Every file below a directory that holds one of the texts.
    private func files(in directory: String, holding texts: [String]) -> [String] {
        let names = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else { return false }
            return texts.contains { data.range(of: Data($0.utf8)) != nil }
        }
    }

    @Test("A build has its secrets, the newest at each step, and no log, table, file or answer has them", arguments: [false, true])
    func nothingShows(postgres: Bool) async throws {
        let directory = TemporaryDirectory()
        let repository = try GitRepository(at: directory.file("repo"))
        try repository.commit(["greeting": "hello\n"], message: "Greet")
        let (place, left) = (directory.file("key"), directory.file("left"))
        let token = "tok-" + UUID().uuidString
        try Self.key.write(toFile: place, atomically: true, encoding: .utf8)
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(repository.path)"}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"], builders: [test]}
                secrets:
                  - {name: token, env: SHOWN_TO_NOBODY}
                  - {name: key, file: "\(place)", projects: [demo]}
                builders:
                  - name: test
                    steps:
                      - name: show
                        secrets: {TOKEN: token, KEY: {name: key, as: file}}
                        run: |
                          echo "the token $TOKEN and $TOKEN$TOKEN" | tee '\(left)'
                          printf %s "$TOKEN" | cut -c1-9 | tr -d '\\n'; sleep 0.3; printf %s "$TOKEN" | cut -c10- | tr -d '\\n'; echo
                          printf %s "user:$TOKEN" | base64 -w 0; echo
                          cat "$KEY"; base64 "$KEY"; cat "$KEY" >> '\(left)'
                          sha256sum < "$KEY"; printf %s "$TOKEN" | sha256sum
                      - {name: again, run: "cat '\(left)'; env"}
                """)
        var environment = ["SHOWN_TO_NOBODY": token]
        let server = postgres ? try await PrivatePostgres.shared() : nil
        let database = try await server?.newDatabase()
        if let database { environment["DOORBELL_DATABASE_URL"] = database }
        let up = try await deployment.start(environment: environment)
        func ended(_ count: Int) async throws -> [[String: Any]] {
            try await deployment.api.poll { () -> [[String: Any]]? in
                let builds = try await deployment.api.list("/api/v1/builds?phase=finished&order=asc")
                return builds.count == count ? builds : nil
            }
        }
        #expect(try await ended(1).map { $0["outcome"] as? String } == ["success"])
        let second = Self.key.replacingOccurrences(of: "98xk2ldPz0aQ", with: "Zq77aPwLr31X")
        try second.write(toFile: place, atomically: true, encoding: .utf8)
        let rebuilt = try await deployment.command("rebuild", "1")
        #expect(rebuilt.status == 0, "\(rebuilt.error)")
        _ = try await ended(2)
        for (build, key) in [(1, Self.key), (2, second)] {
            let log = try await deployment.command("log", "\(build)", "--name", "1-show").output
            for text in [key, token] {
                let digest = SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
                #expect(log.contains(digest), "\(log)")
            }
            #expect(log.hasPrefix("the token *** and ***\n***\n"), "\(log)")
            let again = try await deployment.command("log", "\(build)", "--name", "2-again").output
            #expect(again.hasPrefix("the token *** and ***\n***\n"), "\(again)")
            #expect(!again.contains("TOKEN=") && !again.contains("SHOWN"))
        }
        let parts = [token, "MIIEpAIBAAKCAQEA7bq", "98xk2ldPz0aQ", "Zq77aPwLr31X", Data(token.utf8).base64EncodedString()]
        #expect(try String(contentsOfFile: left, encoding: .utf8).contains(token))
        #expect(files(in: deployment.directory, holding: parts).isEmpty)
        for path in ["builds/1", "builds/2", "buildsets/1", "requests/1", "requests/1/why", "builders/test", "config/1", "workers"] {
            let body = String(decoding: try await deployment.api.get("/api/v1/" + path).body, as: UTF8.self)
            #expect(!parts.contains { body.contains($0) }, "\(path)")
        }
        if let database {
            let dump = try RunningProcess("/usr/bin/env", ["pg_dump", database], in: directory.path, logs: directory.path, name: "dump")
            #expect(await dump.status() == 0, "\(dump.errorOutput)")
            #expect(dump.output.contains("again") && !parts.contains { dump.output.contains($0) })
        }
        up.send(SIGTERM)
        #expect(await up.status() == 0)
        #expect(files(in: deployment.directory, holding: parts).isEmpty)
    }

    @Test("A secret that is not there is warned of by config check, and ends the step with its name")
    func missing() async throws {
        let directory = TemporaryDirectory()
        let deployment = try Deployment(directory: directory.file("run"))
        let repository = try GitRepository(at: directory.file("repo"))
        try repository.commit(["greeting": "hello\n"], message: "Greet")
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(repository.path)"}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"], builders: [test]}
                secrets:
                  - {name: token, file: "\(directory.path)/nowhere"}
                builders:
                  - {name: test, steps: [{name: show, secrets: {TOKEN: token}, run: "echo ran"}]}
                """)
        let check = try await deployment.command("config", "check", deployment.configurationPath)
        #expect(check.status == 0 && check.error.hasPrefix("warning: the secret token is not there: \(directory.path)/nowhere cannot be read"))
        let up = try await deployment.start()
        let build = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=finished").first }
        #expect(build["outcome"] as? String == "exception" && build["cause"] as? String == "secret")
        let text = try #require(build["text"] as? String)
        #expect(text.contains("the secret token is not there"), "\(text)")
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }
}
