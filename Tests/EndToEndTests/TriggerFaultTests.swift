import Foundation
import ProcessSupport
import TestSupport
import Testing

/// A step that triggers, and the death of what it waits at.
@Suite struct TriggerFaultTests {
    let directory = TemporaryDirectory()

    @Test("A step outlives the dispatcher that it waits at: what it triggered is built once, and the step ends as that")
    func dispatcherDies() async throws {
        let repository = try GitRepository(at: directory.file("repo"))
        try repository.commit(["greeting": "hello\n"], message: "Greet")
        let gate = directory.file("gate")
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(repository.path)"}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"], builders: [test]}
                  - {name: deploys, kind: triggerable, builders: [deploy]}
                builders:
                  - {name: test, steps: [{name: ship, trigger: {scheduler: deploys}}]}
                  - {name: deploy, steps: [{name: go, run: "until [ -e '\(gate)' ]; do sleep 0.05; done; exit 3"}]}
                """)
        let first = try await deployment.start(["--slots", "0"])
        let worker = try deployment.startWorker("apart", slots: 2)
        _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=running").count == 2 ? true : nil }
        first.send(SIGKILL)
        _ = await first.status()
        let second = try await deployment.start(["--slots", "0"])
        try Data().write(to: URL(fileURLWithPath: gate))
        let builds = try await deployment.api.poll { () -> [[String: Any]]? in
            let builds = try await deployment.api.list("/api/v1/builds?phase=finished&order=asc")
            return builds.count == 2 ? builds : nil
        }
        // By their numbers: the parent is the older one.
        #expect(builds.map { $0["builder"] as? String } == ["test", "deploy"])
        #expect(builds.map { $0["outcome"] as? String } == ["failure", "failure"])
        #expect(builds.map { $0["attempt"] as? Int } == [1, 1])
        #expect(try await deployment.api.list("/api/v1/buildsets").count == 2)
        worker.send(SIGTERM)
        second.send(SIGTERM)
        #expect(await worker.status() == 0)
        #expect(await second.status() == 0)
    }
}
