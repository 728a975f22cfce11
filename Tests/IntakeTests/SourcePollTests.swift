import Domain
import Foundation
import ProcessSupport
import Storage
import Testing

@testable import Intake

@Suite(.timeLimit(.minutes(10))) struct SourcePollTests {
    @Test("The first poll submits the tips of the watched branches and nothing of their past; the next finds nothing")
    func firstPoll() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "1"], message: "old")
        let tip = try rig.remote.commit(["a": "2"], message: "new\n\nIn detail.", author: "Ørjan <o@example.org>")
        for branch in ["release/1.0", "topic/x"] { try rig.remote.git("branch", branch) }
        let poll = rig.start(rig.source(branches: ["main", "release/*"]))
        let changes = try await rig.news(poll)
        #expect(changes.map(\.branch) == ["main", "release/1.0"])
        #expect(changes.allSatisfy { $0.revision == tip && $0.author == "Ørjan <o@example.org>" && $0.comments == "new\n\nIn detail." })
        #expect(changes.first?.files == ["a"])
        #expect(changes.first?.repository == rig.remote.path)
        #expect(changes.first?.when != nil)
        #expect(try await rig.news(poll).isEmpty)
        #expect(try await rig.health()?.healthy == true)
    }

    @Test("An empty repository is read, and its first commit found")
    func empty() async throws {
        let rig = try await PollRig()
        let poll = rig.start()
        #expect(try await rig.news(poll).isEmpty)
        let first = try rig.remote.commit(["a": "1"], message: "first")
        #expect(try await rig.news(poll).map(\.revision) == [first])
    }

    @Test("Several commits in one poll are changes in order, or only the tip", arguments: SourceConfiguration.Commits.allCases)
    func several(commits: SourceConfiguration.Commits) async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        let poll = rig.start(rig.source(commits: commits))
        await rig.drain(poll)
        let revisions = try (1...3).map { try rig.remote.commit(["a": "\($0)"], message: "\($0)") }
        #expect(try await rig.news(poll).map(\.revision) == (commits == .each ? revisions : [revisions[2]]))
    }

    @Test("A new branch brings what no other branch has; one that stands where another does brings its tip")
    func newBranch() async throws {
        let rig = try await PollRig()
        let base = try rig.remote.commit(["a": "0"], message: "0")
        let poll = rig.start()
        await rig.drain(poll)
        try rig.remote.git("checkout", "--quiet", "-b", "topic")
        let revisions = try (1...2).map { try rig.remote.commit(["b": "\($0)"], message: "\($0)") }
        let news = try await rig.news(poll)
        #expect(news.map(\.revision) == revisions && news.allSatisfy { $0.branch == "topic" })
        try rig.remote.git("branch", "same", base)
        #expect(try await rig.news(poll).map { [$0.branch, $0.revision] } == [["same", base]])
    }

    @Test("A branch that is deleted makes no change; made again, it is new")
    func deletedBranch() async throws {
        let rig = try await PollRig()
        let tip = try rig.remote.commit(["a": "0"], message: "0")
        try rig.remote.git("branch", "topic")
        let poll = rig.start()
        #expect(try await rig.news(poll).count == 2)
        try rig.remote.git("branch", "-D", "topic")
        #expect(try await rig.news(poll).isEmpty)
        try rig.remote.git("branch", "topic")
        #expect(try await rig.news(poll).map { [$0.branch, $0.revision] } == [["topic", tip]])
    }

    @Test("A branch may take the place of a directory of branches, and the other way round")
    func branchInPlaceOfDirectory() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        try rig.remote.git("branch", "topic")
        let poll = rig.start()
        await rig.drain(poll)
        try rig.remote.git("branch", "-D", "topic")
        try rig.remote.git("branch", "topic/part")
        #expect(try await rig.news(poll).map(\.branch) == ["topic/part"])
        try rig.remote.git("branch", "-D", "topic/part")
        try rig.remote.git("branch", "topic")
        #expect(try await rig.news(poll).map(\.branch) == ["topic"])
    }

    @Test("A forced branch brings what it did not have before; forced back, its tip; A, B, A are three changes")
    func forced() async throws {
        let rig = try await PollRig()
        let first = try rig.remote.commit(["a": "0"], message: "0")
        let old = try rig.remote.commit(["a": "1"], message: "old")
        let poll = rig.start()
        await rig.drain(poll)
        try rig.remote.git("reset", "--hard", "--quiet", first)
        let other = try rig.remote.commit(["a": "2"], message: "other")
        #expect(try await rig.news(poll).map(\.revision) == [other])
        try rig.remote.git("reset", "--hard", "--quiet", first)
        #expect(try await rig.news(poll).map(\.revision) == [first])
        for revision in [old, first, old] {
            try rig.remote.git("reset", "--hard", "--quiet", revision)
            #expect(try await rig.news(poll).map(\.revision) == [revision])
        }
    }

    @Test("Tags become changes where they are asked for: annotated ones name their commit, and no branch can look like one")
    func tags() async throws {
        let rig = try await PollRig()
        let tip = try rig.remote.commit(["a": "0"], message: "0")
        let poll = rig.start(rig.source(tags: ["v*"]))
        await rig.drain(poll)
        let without = rig.start(rig.source(branches: []))
        try rig.remote.git("tag", "v1")
        try rig.remote.git("tag", "--annotate", "v2", "--message", "two")
        try rig.remote.git("tag", "other")
        try rig.remote.git("branch", "refs/tags/v1")
        let news = try await rig.news(poll)
        #expect(news.map(\.branch).sorted() == ["refs/tags/v1", "refs/tags/v1", "refs/tags/v2"])
        #expect(news.filter { $0.category == "tag" }.map(\.branch) == ["refs/tags/v1", "refs/tags/v2"])
        #expect(news.allSatisfy { $0.revision == tip })
        #expect(try await rig.news(without).isEmpty)
    }

    @Test("Files of any name are listed as they are, 10,000 of them too")
    func files() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        let poll = rig.start()
        await rig.drain(poll)
        let odd = ["größe/🔔.swift", "with space", "tab\there", "line\nbreak", "\"quoted\"", "-rf", "\nfirst"]
        try rig.remote.commit(Dictionary(odd.map { ($0, "x") }) { first, _ in first }, message: "odd")
        try rig.remote.commit(Dictionary(uniqueKeysWithValues: (0..<10_000).map { ("many/\($0)", "x") }), message: "many")
        let news = try await rig.news(poll)
        #expect(news.first.map { Set($0.files) } == Set(odd))
        #expect(news.last?.files.count == 10_000)
        #expect(news.last?.files.contains("many/9999") == true)
    }

    @Test("A merge lists what it changes against its first parent, and the commits that it brings come before it")
    func merge() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        let poll = rig.start(rig.source(branches: ["main"]))
        await rig.drain(poll)
        try rig.remote.git("checkout", "--quiet", "-b", "topic")
        let topic = try rig.remote.commit(["b": "1"], message: "topic")
        try rig.remote.git("checkout", "--quiet", "main")
        let main = try rig.remote.commit(["a": "1"], message: "main")
        try rig.remote.git("merge", "--quiet", "--no-ff", "--message", "merge", "topic")
        let news = try await rig.news(poll)
        #expect(Set(news.prefix(2).map(\.revision)) == [topic, main])
        #expect(news.map(\.comments).last == "merge")
        #expect(news.last?.files == ["b"])
        #expect(news.allSatisfy { $0.branch == "main" })
    }

    @Test("A file that is named like the next commit cannot pass for it")
    func misleadingFile() async throws {
        let rig = try await PollRig()
        let base = try rig.remote.commit(["a": "0"], message: "0")
        let poll = rig.start()
        await rig.drain(poll)
        try rig.remote.git("checkout", "--quiet", "--detach", base)
        let honest = try rig.remote.commit(["b": "1"], message: "honest", author: "Honest <h@example.org>")
        try rig.remote.git("checkout", "--quiet", "main")
        let lie = ["a-file": "x", honest: "x", "zz": "x"]
        let lying = try rig.remote.commit(lie, message: "lying")
        try rig.remote.git("merge", "--quiet", "--no-ff", "--message", "merge", honest)
        let news = try await rig.news(poll)
        #expect(news.first { $0.revision == lying }.map { Set($0.files) } == Set(lie.keys))
        #expect(news.first { $0.revision == honest }?.author == "Honest <h@example.org>")
        #expect(news.count == 3)
    }

    @Test("The position is in the store: what was pushed while nobody looked is found at the next start, once, in order, in several batches")
    func restart() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        await rig.drain(rig.start())
        var pushed = try await rig.chain(GitLook.batch * 2 + 50, from: rig.remote.git("rev-parse", "HEAD"))
        let tip = try #require(pushed.last)
        try rig.setRef("refs/heads/main", to: tip)
        let outcome = await rig.start().run()
        #expect(outcome.accepted == GitLook.batch && outcome.more)
        // The branch goes elsewhere before the rest of the way is gone: nothing of it is left out.
        try rig.remote.git("reset", "--hard", "--quiet", tip)
        pushed.append(try rig.remote.commit(["a": "1"], message: "last"))
        await rig.drain(rig.start())
        #expect(try await rig.changes().dropFirst().map(\.revision) == pushed)
        #expect(try await rig.news(rig.start()).isEmpty)
    }

    @Test("A mirror that was lost in the middle of a long way is made again")
    func lostMirror() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        await rig.drain(rig.start())
        let base = try rig.remote.git("rev-parse", "HEAD")
        try rig.setRef("refs/heads/main", to: try #require(try await rig.chain(GitLook.batch + 1, from: base).last))
        #expect(await rig.start().run().more)
        // The way is on no branch any more, and the only copy of it goes.
        try rig.remote.git("reset", "--hard", "--quiet", base)
        let other = try rig.remote.commit(["a": "1"], message: "other")
        try FileManager.default.removeItem(atPath: rig.directory.file("mirror"))
        try rig.remote.git("reflog", "expire", "--expire=now", "--all")
        try rig.remote.git("gc", "--quiet", "--prune=now")
        #expect(try await rig.news(rig.start()).map(\.revision) == [other])
        #expect(try await rig.health()?.healthy == true)
    }

    @Test("Of two that poll one source, one accepts what is new, and the other finds it accepted")
    func twoPollers() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        let (one, other) = (
            rig.start(),
            rig.start(mirror: "other-mirror")
        )
        await rig.drain(one)
        await rig.drain(other)
        let tip = try rig.remote.commit(["a": "1"], message: "1")
        #expect(await one.run().accepted == 1)
        // The other believes in the position before: it is refused, looks again, and finds nothing.
        #expect(await other.run().more)
        #expect(try await rig.news(other).isEmpty)
        #expect(try await rig.changes().map(\.revision).last == tip)
        #expect(try await rig.changes().count == 2)
    }

    @Test("Many branches beside a new one are asked about at once, not one by one")
    func manyBranches() async throws {
        let rig = try await PollRig()
        let base = try rig.remote.commit(["a": "0"], message: "0")
        for number in 0..<60 {
            let tree = try rig.remote.git("rev-parse", "HEAD^{tree}")
            try rig.setRef("refs/heads/b\(number)", to: try rig.remote.git("commit-tree", tree, "-p", base, "-m", "\(number)"))
        }
        let poll = rig.start()
        #expect(try await rig.news(poll).count == 61)
        let tip = try rig.remote.commit(["a": "1"], message: "1")
        try rig.remote.git("branch", "new")
        try rig.remote.git("reset", "--hard", "--quiet", base)
        let news = try await rig.news(poll)
        #expect(news.map { [$0.branch, $0.revision] } == [["new", tip]])
    }
}
