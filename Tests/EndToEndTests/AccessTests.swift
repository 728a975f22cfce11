import Foundation
import ProcessSupport
import ServerSupport
import TestSupport
import Testing

/// Who may do what, by the programs themselves.
@Suite struct AccessTests {
    private let directory = TemporaryDirectory()

    private func makeDeployment() throws -> (Deployment, GitRepository) {
        let repository = try GitRepository(at: directory.file("repo"))
        try repository.commit(["greeting": "hello\n"], message: "Greet")
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(repository.path)", every: 1s}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"], builders: [test]}
                builders:
                  - name: test
                    steps: [{name: show, run: "env"}]
                  - name: elsewhere
                    labels: {place: lab}
                    steps: [{name: show, run: "env"}]
                """)
        return (deployment, repository)
    }

    /// A token made at the database itself, in a file.
    private func direct(_ deployment: Deployment, _ arguments: String...) throws -> String {
        let output = "\(directory.path)/direct.out"
        let status = try RunningProcess.runToEnd(
            Binaries.doorbell, ["token", "create"] + arguments + ["--direct", "--data-dir", deployment.dataDirectory], in: directory.path,
            environment: ["HOME": directory.path, "PATH": "/usr/bin:/bin"], output: output, errors: "\(directory.path)/direct.err")
        #expect(status == 0)
        return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("`up` that asks for tokens builds by its own worker and by one with a token, and does for each caller what its role allows")
    func tokens() async throws {
        let (deployment, _) = try makeDeployment()
        let admin = try direct(deployment, "root", "--role", "admin")
        let up = try await deployment.start(environment: ["DOORBELL_AUTH": "tokens"])
        #expect(!up.output.contains("no tokens are asked for"))
        let api = deployment.api.showing(admin)
        _ = try await api.poll { try await api.list("/api/v1/builds?phase=finished&outcome=success").isEmpty ? nil : true }
        let nobody = try await deployment.api.get("/api/v1/builds")
        #expect(nobody.status == 401)
        let page = try await deployment.api.get("/sign-in")
        #expect(page.status == 200 && page.text.contains("id=\"sign-in\""))

        try admin.write(toFile: directory.file("admin.token"), atomically: true, encoding: .utf8)
        func made(_ arguments: [String]) async throws -> String {
            let process = try RunningProcess(
                Binaries.doorbell, ["token", "create"] + arguments + ["--token-file", directory.file("admin.token")], in: directory.path,
                environment: ["DOORBELL_URL": deployment.url], logs: directory.path, name: "made-\(UUID().uuidString)")
            #expect(await process.status() == 0, "\(process.errorOutput)")
            return process.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let reader = try await made(["looker", "--role", "reader", "--expires", "2d"])
        let steerer = try await made(["steerer", "--role", "operator", "--project", "demo"])
        let lab = try await made(["lab", "--role", "worker", "--worker", "lab-*"])
        #expect(Set([admin, reader, steerer, lab]).count == 4 && reader.hasPrefix("dbl_"))

        let refused = try await deployment.command("force", "elsewhere", environment: ["DOORBELL_TOKEN": reader])
        #expect(refused.status == 65 && refused.error.contains("operator") && refused.error.contains("reader"), "\(refused.error)")
        let unknown = try await deployment.command("builds")
        #expect(unknown.status == 65 && unknown.error.contains("token"), "\(unknown.error)")
        let forced = try await deployment.command("force", "elsewhere", environment: ["DOORBELL_TOKEN": steerer])
        #expect(forced.status == 0, "\(forced.error)")

        let stranger = try deployment.startWorker("lab-0", environment: ["DOORBELL_TOKEN": reader])
        #expect(await stranger.status() != 0)
        #expect(stranger.errorOutput.contains("token"))
        let other = try deployment.startWorker("mill", environment: ["DOORBELL_TOKEN": lab])
        #expect(await other.status() != 0)
        let worker = try deployment.startWorker("lab-1", arguments: ["--label", "place=lab"], environment: ["DOORBELL_TOKEN": lab])
        let build = try await api.poll { try await api.list("/api/v1/builds?builder=elsewhere&outcome=success").first }
        #expect(build["worker"] as? String == "lab-1")

        // No step and no file knows a token.
        let logs = try await api.get("/api/v1/builds/\(try #require(build["id"] as? Int))/logs/1-show")
        #expect(logs.status == 200 && !logs.text.contains("dbl_"))
        let secrets = try [admin, reader, steerer, lab].map { try #require($0.split(separator: "_", maxSplits: 2).last).description }
        for name in FileManager.default.enumerator(atPath: deployment.directory)?.compactMap({ $0 as? String }) ?? [] {
            guard let data = FileManager.default.contents(atPath: "\(deployment.directory)/\(name)") else { continue }
            #expect(!secrets.contains { data.range(of: Data($0.utf8)) != nil }, "\(name)")
        }

        let list = try await deployment.command("token", environment: ["DOORBELL_TOKEN": admin])
        #expect(list.status == 0 && list.output.contains("steerer") && !list.output.contains(secrets[2]))
        let audit = try await deployment.command("audit", environment: ["DOORBELL_TOKEN": admin])
        #expect(audit.status == 0 && audit.output.contains("force") && audit.output.contains("token.create"))
        let rows = try await api.all("/api/v1/audit?action=force")
        #expect(rows.map { $0["principal"] as? String } == ["steerer"])
        let number = String(try #require(lab.split(separator: "_").dropFirst().first))
        let revoked = try await deployment.command("token", "revoke", number, environment: ["DOORBELL_TOKEN": admin])
        #expect(revoked.status == 0)
        // Its session is over, and it gets no other.
        #expect(await worker.status() != 0)
        let again = try await deployment.command("token", "revoke", "99", environment: ["DOORBELL_TOKEN": admin])
        #expect(again.status == 65)
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("Listening to others without asking for tokens is refused with what to do; on loopback `up` says that it does not ask")
    func exposure() async throws {
        let (deployment, _) = try makeDeployment()
        for service in [["up", deployment.configurationPath], ["web"], ["intake"], ["dispatcher"]] {
            let process = try RunningProcess(
                Binaries.doorbell, service + ["--data-dir", directory.file("open"), "--listen", "0.0.0.0:0"], in: directory.path,
                environment: service.count == 1 ? ["DOORBELL_DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"] : [:], logs: directory.path,
                name: "open-\(service[0])")
            #expect(await process.status() == 78, "\(service)")
            let lines = process.errorOutput.split(separator: "\n")
            #expect(lines.count == 1 && lines.first?.contains("DOORBELL_AUTH=tokens") == true, "\(process.errorOutput)")
        }
        let up = try await deployment.start()
        _ = try await deployment.api.poll { up.output.contains("no tokens are asked for: whoever reaches 127.0.0.1") ? true : nil }
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("A token that is wrong is told at once, before anything is asked of a server")
    func wrongGrants() async throws {
        let (deployment, _) = try makeDeployment()
        let missing = try await deployment.command("token", "create", "x", "--role", "worker", "--direct", "--data-dir", deployment.dataDirectory)
        #expect(missing.status == 65 && missing.error.contains("workers"))
        let role = try await deployment.command("token", "create", "x", "--role", "king")
        #expect(role.status == 64 && role.error.contains("operator"))
        let past = try await deployment.command("token", "create", "x", "--role", "reader", "--expires", "soon")
        #expect(past.status == 64)
        let file = try await deployment.command("builds", "--token-file", directory.file("none"))
        #expect(file.status == 78 && file.error.contains("none"))
    }

    @Test("An intake whose database is away goes on judging tokens, after a restart too, and hears of a revocation when it is back")
    func away() async throws {
        let server = try await PrivatePostgres.start()
        let database = ["DOORBELL_DATABASE_URL": try await server.newDatabase(), "DOORBELL_AUTH": "tokens"]
        func run(_ arguments: String...) async throws -> String {
            let process = try RunningProcess(
                Binaries.doorbell, arguments, in: directory.path, environment: database, logs: directory.path, name: "run-\(UUID().uuidString)")
            #expect(await process.status() == 0, "\(arguments): \(process.errorOutput)")
            return process.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        _ = try await run("migrate")
        let port = try FreePort.find()
        let submitter = API(port: port).showing(try await run("token", "create", "ci", "--role", "submitter", "--project", "demo", "--direct"))
        let stranger = API(port: port).showing("dbl_1_" + String(repeating: "x", count: 43))
        func start() async throws -> RunningProcess {
            let intake = try RunningProcess(
                Binaries.doorbell, ["intake", "--listen", "127.0.0.1:\(port)", "--data-dir", directory.file("intake")], in: directory.path,
                environment: database, logs: directory.path, name: "intake")
            _ = try await API(port: port).poll { try await API(port: port).get("/livez").status == 200 ? true : nil }
            return intake
        }
        func submit(_ api: API, _ revision: String, project: String = "demo") async throws -> Int {
            try await api.post(
                "/api/v1/changes", ["project": project, "repository": "r", "branch": "main", "revision": revision, "dedupe_key": revision]
            ).status
        }
        var intake = try await start()
        let there = [try await submit(submitter, "1"), try await submit(stranger, "2"), try await submit(submitter, "3", project: "other")]
        #expect(there == [201, 401, 403])
        try await server.stop(.immediate)
        let away = [try await submit(submitter, "4"), try await submit(stranger, "5")]
        #expect(away == [202, 401])
        intake.send(SIGKILL)
        _ = await intake.status()
        intake = try await start()
        let restarted = [try await submit(submitter, "6"), try await submit(stranger, "7"), try await submit(submitter, "8", project: "other")]
        #expect(restarted == [202, 401, 403])
        try await server.startAgain()
        _ = try await API(port: port).poll {
            try await API(port: port).get("/metrics").text.contains("\ndoorbell_intake_spool_changes 0\n") ? true : nil
        }
        _ = try await run("token", "revoke", "1", "--direct")
        _ = try await API(port: port).poll(within: .seconds(20)) { try await submit(submitter, "9") == 401 ? true : nil }
        intake.send(SIGTERM)
        #expect(await intake.status() == 0)
        try await server.stop()
    }
}
