import Domain
import Foundation
import Storage
import TestSupport
import Testing

@testable import Intake

@Suite(.timeLimit(.minutes(10))) struct HostileRemoteTests {
    /// Remotes by what is wrong with them; `MARK` stands for a file that nobody may make.
    static let remotes = [
        "--upload-pack=touch MARK", "-oProxyCommand=touch MARK", "ext::touch MARK", "ext::sh -c touch% MARK", "fd::17", "/nowhere/at/all",
        "file:///nowhere/at/all", "http://127.0.0.1:1/repository", "git://127.0.0.1:1/repository", "nonsense://example.invalid/", "", "MARK-dir",
        "ssh://-oProxyCommand=touch%20MARK/x",
    ]

    @Test("A remote that is missing, misspelt or malicious costs nothing but a health message", arguments: remotes)
    func unreadable(remote: String) async throws {
        let rig = try await PollRig()
        let mark = rig.directory.file("mark")
        // A directory that is no repository.
        try FileManager.default.createDirectory(atPath: mark + "-dir", withIntermediateDirectories: true)
        let poll = rig.start(rig.source(remote.replacing("MARK", with: mark), timeout: .seconds(20)))
        let outcome = await poll.run()
        let problem = try #require(outcome.problem)
        #expect(!problem.isEmpty && problem.utf8.count <= 2000)
        #expect(try await rig.health()?.message == problem)
        #expect(try await rig.health()?.healthy == false)
        #expect(try await rig.changes().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: mark))
        #expect(try await rig.store.sourceState("repo").position == nil)
    }

    @Test("A remote that comes back is healthy again, and the trouble is written once, not at each try")
    func recovery() async throws {
        let rig = try await PollRig()
        let poll = rig.start()
        try rig.remote.commit(["a": "0"], message: "0")
        try FileManager.default.moveItem(atPath: rig.remote.path, toPath: rig.directory.file("away"))
        #expect(await poll.run().problem != nil)
        let since = try await rig.health()?.since
        #expect(await poll.run().problem != nil)
        #expect(try await rig.health()?.since == since)
        try FileManager.default.moveItem(atPath: rig.directory.file("away"), toPath: rig.remote.path)
        #expect(try await rig.news(poll).count == 1)
        #expect(try await rig.health()?.healthy == true)
    }

    @Test("A branch that is named like an option is passed over, and its neighbours are not", arguments: ["--upload-pack=touch${IFS}mark", "-x"])
    func optionBranch(name: String) async throws {
        let rig = try await PollRig()
        let tip = try rig.remote.commit(["a": "0"], message: "0")
        try rig.setRef("refs/heads/" + name, to: tip)
        let poll = rig.start()
        #expect(try await rig.news(poll).map(\.branch) == ["main"])
        let next = try rig.remote.commit(["a": "1"], message: "1")
        try rig.setRef("refs/heads/" + name, to: next)
        #expect(try await rig.news(poll).map { [$0.branch, $0.revision] } == [["main", next]])
        #expect(!FileManager.default.fileExists(atPath: rig.directory.file("remote/mark")))
    }

    @Test("A server that takes the connection and says nothing is given up after its time, with nothing left of git")
    func hangs() async throws {
        let server = try SilentServer()
        let rig = try await PollRig()
        let outcome = await rig.start(rig.source("git://127.0.0.1:\(server.port)/silent", timeout: .seconds(1))).run()
        #expect(outcome.problem == "git took longer than 1 s")
        #expect(gitProcesses(talkingTo: server.port).isEmpty)
    }

    @Test("A poll that is called off ends at once, says nothing of the source, and leaves nothing of git")
    func calledOff() async throws {
        let server = try SilentServer()
        let rig = try await PollRig()
        let poll = rig.start(rig.source("git://127.0.0.1:\(server.port)/silent", timeout: .seconds(3600)))
        let run = Task { await poll.run() }
        await server.connected.wait()
        run.cancel()
        #expect(await run.value.problem == nil)
        #expect(try await rig.health() == nil)
        #expect(gitProcesses(talkingTo: server.port).isEmpty)
    }

    @Test("More output than is bearable ends the command, and says so")
    func floods() async throws {
        let rig = try await PollRig()
        for number in 0..<20 { try rig.remote.commit(["a": "\(number)"], message: String(repeating: "x", count: 500)) }
        var command = GitCommand(timeout: .seconds(20))
        command.outputLimit = 5000
        let error = await #expect(throws: GitFailure.self) { try await command.run(["--git-dir", rig.remote.path + "/.git", "log"]) }
        #expect(error?.description == "git said more than 5000 bytes")
    }

    @Test("Commits that say too much to be read together are read one by one")
    func largeCommits() async throws {
        let rig = try await PollRig()
        let revisions = try (0..<4).map { number in
            try rig.remote.commit(["f\(number)": "x"], message: "\(number) " + String(repeating: "x", count: 3000))
        }
        var command = GitCommand(timeout: .seconds(20))
        command.outputLimit = 8000
        let mirror = GitMirror(path: rig.remote.path + "/.git", remote: rig.remote.path, command: command)
        let commits = try await mirror.describe(revisions)
        #expect(commits.map(\.revision) == revisions)
        #expect(commits.map(\.files) == (0..<4).map { ["f\($0)"] })
    }

    @Test("What git complains of is one line without control characters")
    func oneLine() {
        #expect(GitFailure("fatal: \u{1B}[31mred\u{7}\n\u{0}").description == "fatal:  [31mred   ")
        #expect(GitFailure(String(repeating: "x", count: 5000)).description.count == 500)
    }

    private func gitProcesses(talkingTo port: Int) -> [pid_t] {
        CommandLines.all().filter { $0.value.contains("127.0.0.1:\(port)") }.map(\.key)
    }
}
