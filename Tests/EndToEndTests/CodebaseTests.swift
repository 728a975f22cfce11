import Foundation
import ProcessSupport
import TestSupport
import Testing

/// Two real repositories that are built together.
@Suite struct CodebaseTests {
    let directory = TemporaryDirectory()

    private func repository(_ name: String) throws -> GitRepository {
        let repository = try GitRepository(at: directory.file(name))
        try repository.commit(["name": "\(name) 1\n"], message: "One")
        return repository
    }

    /// Builds both, and shows what it got.
    private func deployment(_ app: GitRepository, _ lib: GitRepository) throws -> Deployment {
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: app, git: "\(app.path)", every: 1s}
                  - {name: lib, git: "\(lib.path)", every: 1s}
                codebases:
                  - {name: app, repository: "\(app.path)"}
                  - {name: lib, repository: "\(lib.path)", path: deps/lib}
                schedulers:
                  - {name: both, kind: any-branch, codebases: [app, lib], builders: [test]}
                builders:
                  - name: test
                    steps:
                      - checkout: {}
                      - {name: show, run: 'cat app/name deps/lib/name; echo "$DOORBELL_REVISION_APP $DOORBELL_REVISION_LIB ${revision_lib}"'}
                """)
        return deployment
    }

    /// The build of this pair, once it has ended, and what its step printed.
    private func build(_ deployment: Deployment, of pair: [String]) async throws -> (document: [String: Any], log: String) {
        try await deployment.api.poll { () -> (document: [String: Any], log: String)? in
            for build in try await deployment.api.list("/api/v1/builds?phase=finished") {
                let stamps = build["stamps"] as? [[String: Any]] ?? []
                guard stamps.map({ $0["revision"] as? String }) == pair, let id = build["id"] as? Int else { continue }
                return (build, try await deployment.api.get("/api/v1/builds/\(id)/logs/2-show").text)
            }
            return nil
        }
    }

    @Test("A change in either repository builds it with the newest of the other, also across a restart")
    func pairs() async throws {
        let (app, lib) = (try repository("app"), try repository("lib"))
        let deployment = try deployment(app, lib)
        let first = try await deployment.start()
        let app1 = try app.git("rev-parse", "HEAD")
        // Once both first commits are known, the next change meets them.
        _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/changes").count == 2 ? true : nil }
        let lib2 = try lib.commit(["name": "lib 2\n"], message: "Two")
        let second = try await build(deployment, of: [app1, lib2])
        #expect(second.document["outcome"] as? String == "success")
        #expect(second.log == "app 1\nlib 2\n\(app1) \(lib2) \(lib2)\n")
        first.send(SIGKILL)
        _ = await first.status()
        let app2 = try app.commit(["name": "app 2\n"], message: "Two")
        let again = try await deployment.start()
        let third = try await build(deployment, of: [app2, lib2])
        #expect(third.log == "app 2\nlib 2\n\(app2) \(lib2) \(lib2)\n")
        let shown = try await deployment.api.get("/builds/\(third.document["id"] as? Int ?? 0)").text
        #expect(shown.contains("Codebase lib") && shown.contains(lib2))
        let forced = try await deployment.api.post("/api/v1/builders/test/force", ["codebases": ["app": ["revision": app1]]])
        #expect(forced.status == 201, "\(forced.text)")
        _ = try await deployment.api.poll { () -> Bool? in
            let builds = try await deployment.api.list("/api/v1/builds?phase=finished&order=desc")
            guard let id = builds.first?["id"] as? Int else { return nil }
            let log = try await deployment.api.get("/api/v1/builds/\(id)/logs/2-show").text
            // The tip was resolved by the worker: the property cannot know it.
            return log == "app 1\nlib 2\n\(app1) \(lib2) \n" ? true : nil
        }
        again.send(SIGTERM)
        #expect(await again.status() == 0)
    }
    @Test("--once builds the tips of both when nothing is new")
    func once() async throws {
        let (app, lib) = (try repository("app"), try repository("lib"))
        let deployment = try deployment(app, lib)
        // The first commits may take two of them.
        for _ in 0..<3 {
            let up = try deployment.launch(["--once"])
            #expect(await up.status() == 0, "\(up.output)\(up.errorOutput)")
        }
        let up = try await deployment.start()
        let last = try #require(try await deployment.api.list("/api/v1/buildsets?order=desc").first)
        #expect(last["reason"] as? String == "--once, and nothing was new")
        #expect((last["stamps"] as? [[String: Any]])?.compactMap { $0["codebase"] as? String } == ["app", "lib"])
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }
}
