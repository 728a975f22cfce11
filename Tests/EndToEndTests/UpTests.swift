import Foundation
import ProcessSupport
import TestSupport
import Testing

/// `doorbell up` as a user runs it: a real repository, real processes, nothing else.
@Suite struct UpTests {
    let directory = TemporaryDirectory()

    /// A repository with one commit and a configuration that builds it.
    private func makeDeployment(run: String = "cat greeting", quiet: String = "", every: String = "1s") throws -> (Deployment, GitRepository) {
        let repository = try GitRepository(at: directory.file("repo"))
        try repository.commit(["greeting": "hello from the first commit\n"], message: "Greet")
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(repository.path)", branches: ["*"], every: \(every)}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"]\(quiet), builders: [test]}
                builders:
                  - name: test
                    steps:
                      - checkout: {}
                      - {name: greet, run: "\(run)"}
                """)
        return (deployment, repository)
    }

    private func finishedBuilds(_ deployment: Deployment, count: Int) async throws -> [[String: Any]] {
        try await deployment.api.poll { () -> [[String: Any]]? in
            let builds = try await deployment.api.list("/api/v1/builds?phase=finished&order=asc")
            return builds.count >= count ? builds : nil
        }
    }

    @Test("A pushed commit is found, built by the embedded worker, and its log is what the step printed")
    func pushIsBuilt() async throws {
        let (deployment, repository) = try makeDeployment()
        let up = try await deployment.start()
        let first = try await finishedBuilds(deployment, count: 1)
        #expect(first[0]["outcome"] as? String == "success")
        let revision = try repository.commit(["greeting": "hello again\n"], message: "Greet again")
        let second = try await finishedBuilds(deployment, count: 2)
        #expect(second[1]["outcome"] as? String == "success")
        let id = try #require(second[1]["id"] as? Int)
        let document = try await deployment.api.get("/api/v1/builds/\(id)").text
        #expect(document.contains(revision))
        #expect(try await deployment.api.get("/api/v1/builds/\(id)/logs/2-greet").text == "hello again\n")
        up.send(SIGINT)
        #expect(await up.status() == 0)
        #expect(up.output.contains("success"))
    }

    @Test("--once ends after the first buildset with its outcome as exit status", arguments: [("cat greeting", Int32(0)), ("exit 3", Int32(1))])
    func once(run: String, status: Int32) async throws {
        let (deployment, _) = try makeDeployment(run: run)
        let up = try deployment.launch(["--once"])
        #expect(await up.status() == status, "\(up.output)\(up.errorOutput)")
    }

    @Test("--once forces the tip when nothing is new")
    func onceForces() async throws {
        let (deployment, _) = try makeDeployment()
        let first = try deployment.launch(["--once"])
        #expect(await first.status() == 0, "\(first.output)\(first.errorOutput)")
        let second = try deployment.launch(["--once"])
        #expect(await second.status() == 0, "\(second.output)\(second.errorOutput)")
        #expect(second.output.contains("buildset 2"))
    }

    @Test("--once builds a scheduler's builders as one buildset, so that none overtakes what it needs")
    func onceKeepsNeeds() async throws {
        let (deployment, repository) = try makeDeployment()
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(repository.path)"}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"], builders: [test, deploy]}
                builders:
                  - {name: test, steps: [{name: fail, run: "exit 3"}]}
                  - {name: deploy, needs: [test], steps: [{name: harm, run: "echo deployed"}]}
                """)
        for _ in 0..<2 {
            let up = try deployment.launch(["--once"])
            #expect(await up.status() == 1, "\(up.output)\(up.errorOutput)")
        }
        let up = try await deployment.start()
        let builds = try await finishedBuilds(deployment, count: 2)
        #expect(builds.allSatisfy { $0["builder"] as? String == "test" } && builds.count == 2)
        #expect(try await deployment.api.list("/api/v1/buildsets").count == 2)
        let requests = try await deployment.api.list("/api/v1/requests?builder=deploy")
        #expect(requests.map { $0["outcome"] as? String } == ["skipped", "skipped"])
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("What was pushed while it was down is found at the next start, and nothing is built twice")
    func restartGoesOn() async throws {
        let (deployment, repository) = try makeDeployment()
        let first = try await deployment.start()
        _ = try await finishedBuilds(deployment, count: 1)
        first.send(SIGKILL)
        _ = await first.status()
        try repository.commit(["greeting": "two\n"], message: "Two")
        try repository.commit(["greeting": "three\n"], message: "Three")
        let second = try await deployment.start()
        let builds = try await finishedBuilds(deployment, count: 3)
        #expect(builds.count == 3)
        let changes = try await deployment.api.list("/api/v1/changes?order=asc")
        #expect(changes.map { $0["comments"] as? String } == ["Greet", "Two", "Three"])
        second.send(SIGTERM)
        #expect(await second.status() == 0)
    }

    @Test("Several commits in one quiet time make one buildset that names them all")
    func quietTime() async throws {
        let (deployment, repository) = try makeDeployment(quiet: ", quiet: 2s")
        let up = try await deployment.start()
        _ = try await finishedBuilds(deployment, count: 1)
        try repository.commit(["greeting": "two\n"], message: "Two")
        try repository.commit(["greeting": "three\n"], message: "Three")
        _ = try await finishedBuilds(deployment, count: 2)
        let buildsets = try await deployment.api.list("/api/v1/buildsets?order=asc")
        #expect(buildsets.count == 2)
        #expect((buildsets[1]["changes"] as? [Any])?.count == 2)
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("A second `up` on one data directory is refused with what to do, and the first goes on")
    func oneDataDirectory() async throws {
        let (deployment, _) = try makeDeployment()
        let first = try await deployment.start()
        let second = try RunningProcess(
            Binaries.doorbell, ["up", deployment.configurationPath, "--data-dir", deployment.dataDirectory, "--listen", "127.0.0.1:0"],
            in: deployment.directory, logs: deployment.directory, name: "second")
        #expect(await second.status() == 69)
        #expect(second.errorOutput.contains("a data directory of its own"))
        #expect(try await deployment.api.get("/readyz").status == 200)
        first.send(SIGTERM)
        #expect(await first.status() == 0)
    }

    @Test("A changed file is taken on SIGHUP; a broken one is refused and the old one stays")
    func reload() async throws {
        let (deployment, _) = try makeDeployment()
        let up = try await deployment.start()
        _ = try await finishedBuilds(deployment, count: 1)
        let good = try String(contentsOfFile: deployment.configurationPath, encoding: .utf8)
        try deployment.write(configuration: good.replacingOccurrences(of: "builders: [test]", with: "builders: [tset]"))
        up.send(SIGHUP)
        _ = try await deployment.api.poll { up.errorOutput.contains("tset") ? true : nil }
        #expect(try await deployment.api.all("/api/v1/builders").count == 1)
        try deployment.write(
            configuration: good + "\n  - name: extra\n    steps:\n      - {name: hello, run: \"echo hello\"}\n")
        up.send(SIGHUP)
        _ = try await deployment.api.poll { try await deployment.api.all("/api/v1/builders").count == 2 ? true : nil }
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("The first signal drains: a running build is given back and built at the next start; the second signal stops at once")
    func signals() async throws {
        let (deployment, _) = try makeDeployment(run: "sleep 30; echo slept")
        let first = try await deployment.start()
        _ = try await deployment.api.poll {
            try await deployment.api.list("/api/v1/builds?phase=running").isEmpty ? nil : true
        }
        first.send(SIGTERM)
        #expect(await first.status(within: .seconds(30)) == 0)
        try deployment.write(
            configuration: try String(contentsOfFile: deployment.configurationPath, encoding: .utf8)
                .replacingOccurrences(of: "sleep 30; echo slept", with: "echo awake"))
        let second = try await deployment.start()
        let builds = try await finishedBuilds(deployment, count: 2)
        #expect(builds[0]["outcome"] as? String == "exception")
        #expect(builds[0]["cause"] as? String == "drained")
        #expect(builds[1]["outcome"] as? String == "success")
        second.send(SIGTERM)
        #expect(await second.status() == 0)
    }

    @Test("In a repository with no configuration, `up` explains in three lines what to write")
    func noConfiguration() async throws {
        let repository = try GitRepository(at: directory.file("bare"))
        let up = try RunningProcess(Binaries.doorbell, ["up"], in: repository.path, logs: directory.path, name: "none")
        #expect(await up.status() == 78)
        #expect(up.errorOutput.split(separator: "\n").count == 3)
        #expect(up.errorOutput.contains("doorbell init"))
    }

    @Test("`init` writes a configuration that works in that repository")
    func initWorks() async throws {
        let repository = try GitRepository(at: directory.file("fresh"))
        try repository.commit(["README": "hello\n"], message: "Begin")
        let made = try RunningProcess(Binaries.doorbell, ["init"], in: repository.path, logs: directory.path, name: "init")
        #expect(await made.status() == 0, "\(made.errorOutput)")
        let again = try RunningProcess(Binaries.doorbell, ["init"], in: repository.path, logs: directory.path, name: "again")
        #expect(await again.status() != 0)
        let up = try RunningProcess(
            Binaries.doorbell, ["up", "--once", "--listen", "127.0.0.1:0"], in: repository.path, logs: directory.path, name: "up")
        #expect(await up.status() == 0, "\(up.output)\(up.errorOutput)")
    }
}
