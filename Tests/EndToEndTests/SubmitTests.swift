import Foundation
import ProcessSupport
import TestSupport
import Testing

/// `doorbell change submit` in working copies: real git, real Mercurial.
@Suite(.timeLimit(.minutes(3))) struct SubmitTests {
    private let directory = TemporaryDirectory()

    private func deployment() throws -> Deployment {
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(configuration: "project: demo\nbuilders:\n  - {name: test, steps: [{name: hello, run: \"echo hello\"}]}\n")
        return deployment
    }

    /// Submits what is checked out in a directory; returns the change.
    private func submit(_ deployment: Deployment, in directory: String, _ options: String...) async throws -> [String: Any] {
        let process = try RunningProcess(
            Binaries.doorbell, ["change", "submit", "--url", deployment.url] + options, in: directory, logs: self.directory.path,
            name: UUID().uuidString)
        let status = await process.status()
        try #require(status == 0, "\(process.errorOutput)")
        let changes = try await deployment.api.list("/api/v1/changes?order=desc")
        return try #require(changes.first)
    }

    @Test("A commit of git is told with its files, however they are called; a merge with what it brought")
    func git() async throws {
        let deployment = try deployment()
        let up = try await deployment.start()
        let repository = try GitRepository(at: directory.file("repo"))
        let first = try repository.commit(["füße für\talle": "1\n", "sub/b": "2\n"], message: "Begin\n\nWith words")
        let told = try await submit(deployment, in: repository.path + "/sub")
        #expect(told["revision"] as? String == first && told["branch"] as? String == "main")
        #expect(told["repository"] as? String == repository.path && told["project"] as? String == "repo")
        #expect(told["comments"] as? String == "Begin\n\nWith words")
        #expect(Set(told["files"] as? [String] ?? []) == ["füße für\talle", "sub/b"])
        #expect((told["author"] as? String)?.contains("@") == true)

        try repository.git("checkout", "--quiet", "-b", "side")
        try repository.commit(["c": "3\n"], message: "Side")
        try repository.git("checkout", "--quiet", "main")
        try repository.commit(["d": "4\n"], message: "Main")
        try repository.git("merge", "--quiet", "--no-ff", "--message", "Merge side", "side")
        let merged = try await submit(deployment, in: repository.path, "--project", "shop")
        #expect(merged["files"] as? [String] == ["c"] && merged["comments"] as? String == "Merge side" && merged["project"] as? String == "shop")

        // What is checked out is nobody's branch.
        try repository.git("checkout", "--quiet", "--detach")
        let process = try RunningProcess(
            Binaries.doorbell, ["change", "submit", "--url", deployment.url], in: repository.path, logs: directory.path, name: "detached")
        #expect(await process.status() == 64)
        #expect(process.errorOutput.contains("--branch"))
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("A changeset of Mercurial is told as one of git is, and of another revision nothing is said that nobody gave")
    func mercurial() async throws {
        let deployment = try deployment()
        let up = try await deployment.start()
        let repository = try MercurialRepository(at: directory.file("hg"))
        try repository.commit(["a": "1\n"], message: "Begin")
        let second = try repository.commit(["sub/b c": "2\n", "d": "3\n"], message: "Add two")
        let told = try await submit(deployment, in: repository.path + "/sub")
        #expect(told["revision"] as? String == second && told["branch"] as? String == "default")
        #expect(told["repository"] as? String == repository.path && told["comments"] as? String == "Add two")
        #expect(told["author"] as? String == "Ada Example <ada@example.org>")
        #expect(Set(told["files"] as? [String] ?? []) == ["sub/b c", "d"])
        let other = try await submit(deployment, in: repository.path, "--revision", String(repeating: "1", count: 40))
        #expect(other["comments"] as? String == "" && (other["files"] as? [String] ?? []).isEmpty)
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }
}
