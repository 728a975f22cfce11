import Foundation
import ProcessSupport
import TestSupport
import Testing

/// A pull request that anybody may have written, and the workers that may build it.
@Suite struct UntrustedTests {
    let directory = TemporaryDirectory()

    @Test("A pull request of a fork waits, and says for whom, until a worker comes that accepts such builds")
    func waits() async throws {
        let repository = try GitRepository(at: directory.file("repo"))
        let revision = try repository.commit(["greeting": "hello\n"], message: "Greet")
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                schedulers:
                  - {name: pulls, kind: pull, forks: true, properties: {colour: blue}, builders: [test]}
                builders:
                  - {name: test, steps: [{name: go, run: "echo built"}]}
                """)
        let up = try await deployment.start()
        let properties: [String: any Sendable] = ["base_branch": "main", "untrusted": true]
        let change: [String: any Sendable] = [
            "project": "demo", "repository": repository.path, "branch": "refs/pull/1/head", "revision": "\(revision)", "category": "pull",
            "properties": properties,
        ]
        #expect(try await deployment.api.post("/api/v1/changes", change).status == 201)
        _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/requests?phase=pending").isEmpty ? nil : true }
        let why = try await deployment.api.poll { () -> String? in
            let output = try await deployment.command("why", "1").output
            return output.contains("no worker is connected") ? nil : output
        }
        #expect(why.contains("no worker accepts untrusted builds"), "\(why)")
        let wrong: [String: any Sendable] = change.merging(["revision": "2", "properties": ["untrusted": "maybe"]]) { $1 }
        #expect(try await deployment.api.post("/api/v1/changes", wrong).status == 422)
        let worker = try deployment.startWorker("anybody", arguments: ["--accept-untrusted"])
        let build = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=finished").first }
        #expect(build["worker"] as? String == "anybody" && build["outcome"] as? String == "success")
        for process in [worker, up] {
            process.send(SIGTERM)
            #expect(await process.status() == 0)
        }
    }
}
