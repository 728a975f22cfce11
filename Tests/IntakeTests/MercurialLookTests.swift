import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ProcessSupport
import Storage
import StorageSQLite
import TestSupport
import Testing

@testable import Intake

/// Polls of real Mercurial repositories with the real hg.
@Suite(.timeLimit(.minutes(10))) struct MercurialLookTests {
    private struct Rig: Sendable {
        let directory = TemporaryDirectory()
        let remote: MercurialRepository
        let store: SQLiteStore
        let log = LogRecorder()

        init() async throws {
            remote = try MercurialRepository(at: directory.file("remote"))
            store = try await SQLiteStore.open(directory: directory.file("data"))
        }

        func start(
            _ url: String? = nil, branches: [String] = ["*"], commits: SourceConfiguration.Commits = .each, credential: CredentialReference? = nil,
            mirror: String = "mirror", ties: SourceTies = SourceTies(project: "demo")
        ) -> SourcePoll {
            let source = MercurialConfiguration(
                name: "repo", repository: url ?? remote.path, branches: branches.map { Glob($0) }, commits: commits, credential: credential)
            let look = MercurialLook(source: source, ties: ties, mirror: directory.file(mirror), store: store)
            return SourcePoll(source: .mercurial(source), ties: ties, look: look, store: store, logger: log.logger)
        }

        /// The changes of polls until there is no backlog.
        func news(_ poll: SourcePoll) async throws -> [NewChange] {
            let before = try await changes().count
            while true {
                let outcome = await poll.run()
                #expect(outcome.problem == nil)
                if !outcome.more || outcome.problem != nil { break }
            }
            return Array(try await changes().dropFirst(before))
        }

        func changes() async throws -> [NewChange] {
            try await store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 5000)).map(\.content)
        }
    }

    @Test("Heads that somebody else tells of too, in whatever order, are a change each")
    func mirrored() async throws {
        let rig = try await Rig()
        let group = MirrorGroup(name: "repo", grows: true)
        let base = try rig.remote.commit(["a": "1"], message: "base")
        let poll = rig.start(ties: SourceTies(project: "demo", group: group))
        _ = try await rig.news(poll)
        let left = try rig.remote.commit(["a": "2"], message: "left")
        try rig.remote.hg("update", "--quiet", base)
        let right = try rig.remote.commit(["b": "1"], message: "right")
        func tell(_ revisions: [String]) async throws -> [Bool] {
            let changes = revisions.map {
                NewChange(
                    source: "pulse", project: "demo", repository: "https://hg.example.org/remote", branch: "default", revision: $0, dedupeKey: $0)
            }
            return try await rig.store.accept(group.told(changes), advancing: nil).map(\.created)
        }
        #expect(try await tell([right]) == [true])
        let polled = try await rig.news(poll).map(\.revision)
        #expect(polled == [left])
        #expect(try await tell([left]) == [false])
        let last = try rig.remote.commit(["b": "2"], message: "last")
        let news = try await rig.news(poll).map(\.revision)
        #expect(news == [last])
        #expect(try await tell([last, base]) == [false, false])
        let all = try await rig.changes().map(\.revision)
        #expect(all == [base, right, left, last])
    }

    @Test("The first look takes the tips of the watched branches and nothing of their past; then each changeset is a change, oldest first, once")
    func changes() async throws {
        let rig = try await Rig()
        try rig.remote.commit(["a": "1"], message: "old")
        let tip = try rig.remote.commit(["a": "2", "ö b": "x"], message: "new\n\nIn detail.", author: "Ørjan <o@example.org>")
        try rig.remote.hg("branch", "release/1.0")
        let release = try rig.remote.commit(["r": "1"], message: "release")
        try rig.remote.hg("branch", "other")
        try rig.remote.commit(["o": "1"], message: "other")
        let poll = rig.start(branches: ["default", "release/*"])
        let first = try await rig.news(poll)
        #expect(first.map(\.revision) == [tip, release] && first.map(\.branch) == ["default", "release/1.0"])
        #expect(first.first?.author == "Ørjan <o@example.org>" && first.first?.comments == "new\n\nIn detail." && first.first?.files == ["a", "ö b"])
        #expect(first.first?.repository == rig.remote.path && first.first?.when != nil)
        #expect(try await rig.news(poll).isEmpty)
        try rig.remote.hg("update", "--quiet", "default")
        let made = try (1...3).map { try rig.remote.commit(["a": "n\($0)"], message: "\($0)") }
        try rig.remote.hg("update", "--quiet", "other")
        try rig.remote.commit(["o": "2"], message: "not watched")
        // Another process, whose mirror is lost: the position is in the store.
        let news = try await rig.news(rig.start(branches: ["default", "release/*"], mirror: "elsewhere"))
        #expect(news.map(\.revision) == made)
        #expect(try await rig.store.sourceState("repo").health?.healthy == true)
    }

    @Test("An empty repository is read, and all that comes then is a change; two heads of a branch are both")
    func empty() async throws {
        let rig = try await Rig()
        let poll = rig.start()
        #expect(try await rig.news(poll).isEmpty)
        let base = try rig.remote.commit(["a": "0"], message: "0")
        let left = try rig.remote.commit(["a": "1"], message: "1")
        try rig.remote.hg("update", "--quiet", base)
        let right = try rig.remote.commit(["b": "1"], message: "2")
        #expect(try await rig.news(poll).map(\.revision) == [base, left, right])
        try rig.remote.hg("branch", "--quiet", "topic")
        let topic = try rig.remote.commit(["t": "1"], message: "3")
        #expect(try await rig.news(poll).map { [$0.branch, $0.revision] } == [["topic", topic]])
    }

    @Test("With commits: tip the newest of each branch is a change, with the files of all")
    func tips() async throws {
        let rig = try await Rig()
        try rig.remote.commit(["a": "0"], message: "0")
        let poll = rig.start(commits: .tip)
        _ = try await rig.news(poll)
        try rig.remote.commit(["a": "1"], message: "1")
        let tip = try rig.remote.commit(["b": "1"], message: "2")
        let news = try await rig.news(poll)
        #expect(news.map(\.revision) == [tip] && news.first?.files == ["a", "b"])
    }

    @Test("More than one transaction takes are taken in order over several, and a stripped remote changes nothing")
    func many() async throws {
        let rig = try await Rig()
        try rig.remote.commit(["a": "start"], message: "start")
        let poll = rig.start()
        _ = try await rig.news(poll)
        // One import is much faster than as many commits.
        let patches = (1...MercurialLook.batch + 5).map {
            "# HG changeset patch\n# User t\n# Date \($0) 0\n\(number($0))\n\ndiff --git a/f\($0) b/f\($0)\nnew file mode 100644\n--- /dev/null\n+++ b/f\($0)\n@@ -0,0 +1,1 @@\n+x\n"
        }
        try patches.joined().write(toFile: rig.directory.file("patches"), atomically: false, encoding: .utf8)
        try rig.remote.hg("import", "--quiet", rig.directory.file("patches"))
        let outcome = await poll.run()
        #expect(outcome.accepted == MercurialLook.batch && outcome.more)
        #expect(try await rig.news(rig.start()).count == 5)
        #expect(try await rig.changes().dropFirst().map(\.comments) == (1...MercurialLook.batch + 5).map(number))
        try rig.remote.hg("--config", "extensions.strip=", "strip", "--no-backup", "tip")
        #expect(try await rig.news(rig.start(mirror: "new")).isEmpty)
    }

    private func number(_ number: Int) -> String { "message \(number)" }

    @Test("Nothing that a repository says of itself is heeded: no hook, no extension")
    func hostile() async throws {
        let rig = try await Rig()
        let tip = try rig.remote.commit(["a": "0"], message: "0")
        let trace = rig.directory.file("trace")
        try "import os\nopen('\(trace)', 'w').close()\n".write(toFile: rig.directory.file("evil.py"), atomically: false, encoding: .utf8)
        try """
        [extensions]
        evil = \(rig.directory.file("evil.py"))
        [hooks]
        preoutgoing = touch \(trace)
        outgoing = touch \(trace)

        """.write(toFile: rig.remote.path + "/.hg/hgrc", atomically: false, encoding: .utf8)
        #expect(try await rig.news(rig.start()).map(\.revision) == [tip])
        #expect(!FileManager.default.fileExists(atPath: trace))
    }

    @Test("The secret reaches the server it is for, and no other, no command line, log or message")
    func credential() async throws {
        let rig = try await Rig()
        let secret = "s3cret-\(UUID().uuidString)"
        let file = rig.directory.file("token")
        try "ada:\(secret)\n".write(toFile: file, atomically: true, encoding: .utf8)
        let sights = Watched<[(String?, Bool)]>([])
        let thief = Watched<[String?]>([])
        try await asking(nil, { authorization in thief.change { $0.append(authorization) } }).test(.live) { other in
            let elsewhere = "http://127.0.0.1:\(try #require(other.port))"
            try await asking(elsewhere) { authorization in
                let isSeen = CommandLines.all().values.contains { $0.contains(secret) }
                sights.change { $0.append((authorization, isSeen)) }
            }.test(.live) { client in
                let outcome = await rig.start("http://127.0.0.1:\(try #require(client.port))/demo", credential: .file(file)).run()
                #expect(outcome.problem != nil && outcome.problem?.contains(secret) == false)
            }
        }
        let expected = "Basic " + Data("ada:\(secret)".utf8).base64EncodedString()
        #expect(sights.value.contains { $0.0 == expected } && sights.value.allSatisfy { !$0.1 })
        #expect(!thief.value.contains(expected))
        #expect(!rig.log.lines.value.contains { "\($0.metadata)".contains(secret) })
    }

    /// A server that asks for a password, and then leads elsewhere.
    private func asking(_ elsewhere: String?, _ see: @escaping @Sendable (String?) -> Void) -> Application<RouterResponder<BasicRequestContext>> {
        let router = Router()
        router.get("**") { request, _ -> Response in
            see(request.headers[.authorization])
            guard request.headers[.authorization] != nil else {
                return Response(status: .unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"hg\""])
            }
            guard let elsewhere else { return Response(status: .notFound) }
            return Response(status: .found, headers: [.location: elsewhere + request.uri.string])
        }
        return Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
    }

    @Test("A remote that is not there costs a message")
    func gone() async throws {
        let rig = try await Rig()
        #expect(await rig.start(rig.directory.file("nowhere")).run().problem?.contains("not found") == true)
        #expect(try await rig.store.sourceState("repo").health?.healthy == false)
    }
}
