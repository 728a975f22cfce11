import Domain
import Foundation
import ProcessSupport
import Testing

@testable import Intake

/// What the one change of a move says with `commits: tip`.
@Suite(.timeLimit(.minutes(10))) struct TipTests {
    @Test("The tip names what all commits of the move change, those that are taken away also; of a new branch it names nothing")
    func union() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        let poll = rig.start(rig.source(commits: .tip))
        #expect(try await rig.news(poll).map(\.files) == [[]])
        let base = try rig.remote.commit(["src/a": "1"], message: "1")
        let tip = try rig.remote.commit(["docs/b": "2"], message: "2")
        let news = try await rig.news(poll)
        #expect(news.map(\.revision) == [tip] && news.map(\.files) == [["docs/b", "src/a"]] && news.map(\.comments) == ["2"])
        try rig.remote.git("reset", "--hard", "--quiet", base)
        try rig.remote.commit(["src/c": "3"], message: "3")
        #expect(try await rig.news(poll).map(\.files) == [["docs/b", "src/c"]])
        try rig.remote.git("reset", "--hard", "--quiet", base)
        #expect(try await rig.news(poll).map(\.files) == [["src/c"]])
        try rig.remote.git("branch", "new")
        #expect(try await rig.news(poll).map(\.files) == [[]])
    }

    @Test("A way too long to be read names nothing", arguments: [0, 1])
    func long(more: Int) async throws {
        let rig = try await PollRig()
        let base = try rig.remote.commit(["a": "0"], message: "0")
        let poll = rig.start(rig.source(commits: .tip))
        await rig.drain(poll)
        let way = try await rig.chain(GitLook.batch + more, from: base, files: true)
        try rig.setRef("refs/heads/main", to: try #require(way.last))
        let news = try await rig.news(poll)
        #expect(news.map(\.revision) == [way.last])
        #expect(news.first?.files.count == (more == 0 ? GitLook.batch : 0))
    }

    @Test("With commits: each, a branch that is set back names no files: what it changes was taken away")
    func back() async throws {
        let rig = try await PollRig()
        let base = try rig.remote.commit(["a": "0"], message: "0")
        try rig.remote.commit(["b": "1"], message: "1")
        let poll = rig.start()
        await rig.drain(poll)
        try rig.remote.git("reset", "--hard", "--quiet", base)
        let news = try await rig.news(poll)
        #expect(news.map(\.revision) == [base] && news.map(\.files) == [[]])
    }

    @Test("A way that was begun commit by commit ends with its tip when the source is changed to commits: tip")
    func changed() async throws {
        let rig = try await PollRig()
        let base = try rig.remote.commit(["a": "0"], message: "0")
        await rig.drain(rig.start())
        let way = try await rig.chain(GitLook.batch + 5, from: base)
        try rig.setRef("refs/heads/main", to: try #require(way.last))
        #expect(await rig.start().run().more)
        #expect(try await rig.news(rig.start(rig.source(commits: .tip))).map(\.revision) == [way.last])
    }
}
