import Foundation
import ProcessSupport
import TestSupport
import Testing

/// A hook and a poller of one repository, in a real `doorbell up`.
@Suite(.timeLimit(.minutes(5))) struct MirrorPushTests {
    let directory = TemporaryDirectory()

    @Test("Pushes that a hook and a poller both tell, whoever is first, and one that the hook loses, are a change and a build each")
    func onceEach() async throws {
        let repository = try GitRepository(at: directory.file("repo"))
        var pushed = [try repository.commit(["greeting": "0\n"], message: "Greet")]
        let deployment = try Deployment(directory: directory.file("run"))
        let secret = directory.file("secret")
        try "s3cret\n".write(toFile: secret, atomically: true, encoding: .utf8)
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: forge, hook: github, secret: {file: "\(secret)"}, mirror_of: repo, project: shop}
                  - {name: repo, git: "\(repository.path)", every: 1h, project: shop}
                schedulers:
                  - {name: commits, kind: branch, branches: [main], projects: [shop], builders: [test]}
                builders:
                  - {name: test, steps: [{checkout: {}}, {name: greet, run: cat greeting}]}
                """)
        let up = try await deployment.start()
        try await found(1, deployment)
        for push in 1...6 {
            let before = pushed[push - 1]
            let revision = try repository.commit(["greeting": "\(push)\n"], message: "Greet \(push)")
            pushed.append(revision)
            let body = try Forge.push(revision, before: before, in: repository)
            let signature = try await Forge.signature(of: body, in: directory.path)
            if push == 2 || push == 4 {
                // The poller is first, and the hook has nothing new to tell: 200.
                try await poll(deployment)
                try await found(push + 1, deployment)
                let status = try await Forge.tell(deployment, body, signature: signature)
                #expect(status == 200)
            } else if push == 3 || push == 6 {
                // The hook's call is lost.
                try await poll(deployment)
                try await found(push + 1, deployment)
            } else {
                let status = try await Forge.tell(deployment, body, signature: signature)
                #expect(status == 201)
                try await poll(deployment)
            }
            guard push != 3 && push != 6 else { continue }
            let again = try await Forge.tell(deployment, body, signature: signature)
            #expect(again == 200)
        }
        let builds = try await deployment.api.poll { () -> [[String: Any]]? in
            let builds = try await deployment.api.list("/api/v1/builds?phase=finished&order=asc")
            return builds.count < pushed.count ? nil : builds
        }
        let built = builds.compactMap { ($0["stamp"] as? [String: Any])?["revision"] as? String }
        #expect(built.count == pushed.count && Set(built) == Set(pushed))
        #expect(builds.allSatisfy { $0["outcome"] as? String == "success" })
        let changes = try await deployment.api.list("/api/v1/changes?order=asc")
        #expect(changes.compactMap { $0["revision"] as? String } == pushed)
        #expect(changes.compactMap { $0["source"] as? String } == ["repo", "forge", "repo", "repo", "repo", "forge", "repo"])
        #expect(changes.allSatisfy { $0["project"] as? String == "shop" })

        let sources = try await deployment.command("sources")
        #expect(sources.status == 0 && sources.output.contains("GROUP"), "\(sources)")
        let listed = try await deployment.api.all("/api/v1/sources")
        #expect(listed.allSatisfy { $0["group"] as? String == "repo" && $0["project"] as? String == "shop" })
        let why = try await deployment.command("why", "change", "3")
        #expect(why.output.hasPrefix("told by repo, then by forge: one change\n"), "\(why)")
        let third = try await deployment.api.get("/api/v1/changes/3").object
        let told = try #require((third["told_by"] as? [[String: Any]])?.first)
        #expect(told["source"] as? String == "forge")
        let promised = try #require(told["chain"] as? String)
        let byChain = try await deployment.api.list("/api/v1/changes?chain=\(promised)")
        #expect(byChain.compactMap { $0["id"] as? Int } == [3])
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    private func poll(_ deployment: Deployment) async throws {
        let answer = try await deployment.api.post("/api/v1/sources/repo/poll")
        try #require(answer.status == 202)
    }

    /// Waits for so many changes.
    private func found(_ count: Int, _ deployment: Deployment) async throws {
        _ = try await deployment.api.poll { () -> Bool? in try await deployment.api.list("/api/v1/changes").count < count ? nil : true }
    }
}
