import Foundation
import ProcessSupport
import ServerSupport
import TestSupport
import Testing

/// `doorbell try` from a working copy, with real git and a real worker.
@Suite struct TryTests {
    let directory = TemporaryDirectory()

    /// Runs git, and gives what it prints.
    @discardableResult
    private func git(_ arguments: String..., in place: String) async throws -> String {
        let process = try RunningProcess(
            "/usr/bin/env", ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"] + arguments, in: place, logs: directory.path,
            name: "git-\(UUID().uuidString)")
        let status = await process.status()
        try #require(status == 0, "git \(arguments): \(process.errorOutput)")
        return process.output
    }

    private func run(_ arguments: String..., in place: String, _ deployment: Deployment) async throws -> (
        status: Int32?, output: String, error: String
    ) {
        let process = try RunningProcess(
            Binaries.doorbell, arguments, in: place, environment: ["DOORBELL_URL": deployment.url], logs: directory.path,
            name: "doorbell-\(UUID().uuidString)")
        let status = await process.status()
        return (status, process.output, process.errorOutput)
    }

    @Test("What nobody has committed is built as it is, with binary files and files that are gone; the next build sees none of it")
    func tries() async throws {
        let origin = try GitRepository(at: directory.file("origin"))
        try origin.commit(["greeting": "hello\n", "doomed": "soon\n", "sub/kept": "here\n"], message: "Begin")
        let copy = directory.file("copy")
        try await git("clone", "--quiet", origin.path, copy, in: directory.path)
        let deployment = try Deployment(directory: directory.file("run"))
        let show = "cat greeting; ls; ls sub; [ ! -e blob ] || cksum < blob; git status --porcelain"
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(origin.path)"}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"], builders: [clean]}
                  - {name: after, kind: dependent, after: commits, builders: [incremental]}
                builders:
                  - {name: clean, try: true, steps: [{checkout: {}}, {name: show, run: "\(show)"}]}
                  - name: incremental
                    try: {bytes: 4000}
                    steps: [{checkout: {mode: incremental}}, {name: show, run: "\(show)"}, {name: judge, run: "! grep -q bad greeting"}]
                  - {name: closed, steps: [{checkout: {}}]}
                """)
        let up = try await deployment.start()
        _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=finished").count == 2 ? true : nil }

        try Data("hello, all\n".utf8).write(to: URL(fileURLWithPath: copy + "/greeting"))
        try await git("rm", "--quiet", "doomed", in: copy)
        let blob = Data((0..<600).map { UInt8(($0 * 7919 >> 3) & 255) })
        try blob.write(to: URL(fileURLWithPath: copy + "/blob"))
        try Data("new\n".utf8).write(to: URL(fileURLWithPath: copy + "/sub/new"))
        let sum = try #require(try await cksum(copy + "/blob"))
        let before = try await git("status", "--porcelain", in: copy)
        let tried = try await run("try", "-b", "clean", "-b", "incremental", "--untracked", "--by", "ada", in: copy + "/sub", deployment)
        #expect(tried.status == 0, "\(tried.output) \(tried.error)")
        #expect(tried.output.contains("clean: build 3 runs on") && tried.output.contains("ended as success"), "\(tried.output)")
        #expect(try await git("status", "--porcelain", in: copy) == before)
        for build in [3, 4] {
            let log = try await deployment.command("log", "\(build)", "--name", "2-show").output
            #expect(log.hasPrefix("hello, all\nblob\ngreeting\nsub\nkept\nnew\n\(sum)"), "\(log)")
        }
        let builds = try await deployment.api.list("/api/v1/builds?order=asc&phase=finished")
        #expect(builds.count == 4 && builds[2]["reason"] as? String == "try by ada")
        #expect((builds[2]["stamp"] as? [String: Any])?["patch"] as? String != nil)

        // The same places, without the patch.
        for builder in ["clean", "incremental"] {
            let count = try await deployment.api.list("/api/v1/builds?phase=finished").count
            #expect(try await deployment.command("force", builder).status == 0)
            _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=finished").count > count ? true : nil }
        }
        for build in [5, 6] {
            let log = try await deployment.command("log", "\(build)", "--name", "2-show").output
            #expect(log == "hello\ndoomed\ngreeting\nsub\nkept\n", "\(log)")
        }

        // A failure is the exit status; a patch that does not fit says so.
        try Data("bad\n".utf8).write(to: URL(fileURLWithPath: copy + "/greeting"))
        let bad = try await run("try", "-b", "incremental", in: copy, deployment)
        #expect(bad.status == 1 && bad.output.contains("ended as failure"), "\(bad.output) \(bad.error)")
        try await git("commit", "--quiet", "--all", "--message", "Local", in: copy)
        try Data("bad indeed\n".utf8).write(to: URL(fileURLWithPath: copy + "/greeting"))
        let local = try await git("rev-parse", "HEAD", in: copy)
        let unknown = try await run("try", "-b", "clean", "--base", local.trimmingCharacters(in: .whitespacesAndNewlines), in: copy, deployment)
        #expect(unknown.status == 1 && unknown.output.contains("does not exist in"), "\(unknown.output) \(unknown.error)")
        // What was committed here only is part of it, from the commit that others have.
        let whole = try await run("try", "-b", "clean", in: copy, deployment)
        #expect(whole.status == 0, "\(whole.output) \(whole.error)")
        for (builder, error) in [("closed", "takes no patches"), ("nobody", "is no builder")] {
            let refused = try await run("try", "-b", builder, in: copy, deployment)
            #expect(refused.status == 65 && refused.error.contains(error), "\(refused.error)")
        }
        var random = SeededGenerator(seed: 1)
        try Data((0..<9000).map { _ in UInt8.random(in: 0...255, using: &random) }).write(to: URL(fileURLWithPath: copy + "/blob"))
        let long = try await run("try", "-b", "incremental", "--untracked", in: copy, deployment)
        #expect(long.status == 65 && long.error.contains("expected at most 4000"), "\(long.error)")
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("A patch that leads out of the tree, or does not fit, is refused by git, and nothing is written")
    func hostile() async throws {
        let origin = try GitRepository(at: directory.file("origin"))
        try origin.commit(["greeting": "hello\n"], message: "Begin")
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(origin.path)"}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"], builders: [test]}
                builders:
                  - {name: test, try: true, steps: [{checkout: {}}]}
                """)
        let up = try await deployment.start()
        _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=finished").count == 1 ? true : nil }
        let revision = try await git("rev-parse", "HEAD", in: origin.path).trimmingCharacters(in: .whitespacesAndNewlines)
        func new(_ path: String) -> String {
            "diff --git a/\(path) b/\(path)\nnew file mode 100755\n--- /dev/null\n+++ b/\(path)\n@@ -0,0 +1 @@\n+gotcha\n"
        }
        let misfit = "diff --git a/greeting b/greeting\n--- a/greeting\n+++ b/greeting\n@@ -1 +1 @@\n-goodbye\n+bye\n"
        let link = "diff --git a/out b/out\nnew file mode 120000\n--- /dev/null\n+++ b/out\n@@ -0,0 +1 @@\n+..\n\\ No newline at end of file\n"
        for (count, patch) in [new("../outside"), new(".git/hooks/post-checkout"), misfit, link + new("out/gotcha"), "no patch at all\n"].enumerated()
        {
            let answer = try await deployment.api.post(
                "/api/v1/try", ["builders": ["test"], "revision": revision, "patch": Data(patch.utf8).base64EncodedString()])
            #expect(answer.status == 201, "\(String(decoding: answer.body, as: UTF8.self))")
            let builds = try await deployment.api.poll { () -> [[String: Any]]? in
                let builds = try await deployment.api.list("/api/v1/builds?phase=finished&order=asc")
                return builds.count == count + 2 ? builds : nil
            }
            let last = try #require(builds.last)
            #expect(last["outcome"] as? String == "failure" && last["cause"] as? String == "checkout", "\(patch) \(last)")
            #expect((last["text"] as? String)?.contains("git failed to apply the patch") == true, "\(last)")
        }
        let names = FileManager.default.enumerator(atPath: deployment.directory)?.compactMap { $0 as? String } ?? []
        #expect(
            names.filter { $0.hasSuffix("outside") || $0.hasSuffix("gotcha") || $0.hasSuffix("hooks/post-checkout") || $0.hasSuffix(".patch") }
                .isEmpty)
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    private func cksum(_ path: String) async throws -> String? {
        let process = try RunningProcess("/bin/sh", ["-c", "cksum < '\(path)'"], in: directory.path, logs: directory.path, name: "cksum")
        return await process.status() == 0 ? process.output : nil
    }
}
