import Domain
import Foundation
import Logging
import ServiceLifecycle
import Signals
import Storage
import TestSupport
import Testing

@testable import Intake

@Suite(.timeLimit(.minutes(10))) struct DirectoryLookTests {
    @Test("Files are taken in the order of their names, all changes of one at once, and moved to done/")
    func order() async throws {
        let rig = try await DropRig()
        try rig.drop("b", "[\(DropRig.change("2")), \(DropRig.change("3"))]")
        try rig.drop("a", DropRig.change("1"))
        try rig.drop("é", DropRig.change("4"))
        let outcome = await rig.start().run()
        #expect(outcome.problem == nil && outcome.complaint == nil && outcome.accepted == 4 && !outcome.more)
        #expect(try await rig.revisions() == ["1", "2", "3", "4"])
        #expect(rig.files() == ["bad", "done"] && rig.files("done") == ["a", "b", "é"])
        let changes = try await rig.store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 10)).map(\.content)
        #expect(changes.allSatisfy { $0.source == "dropped" && $0.project == "p" })
        #expect(try await rig.store.sourceState("dropped").health?.healthy == true)
    }

    @Test("A file whose changes are accepted is removed where that is asked for")
    func removed() async throws {
        let rig = try await DropRig()
        try rig.drop("a", DropRig.change("1"))
        _ = await rig.start(rig.source(accepted: .remove)).run()
        #expect(rig.files() == ["bad", "done"] && rig.files("done").isEmpty && rig.files(".doorbell").isEmpty)
    }

    @Test("A process that dies between the commit and the move makes no second change; the file goes to done/ all the same")
    func death() async throws {
        let rig = try await DropRig()
        for (name, revision) in [("a", "1"), ("b", "2")] { try rig.drop(name, DropRig.change(revision)) }
        #expect(await rig.start(store: DyingStore(store: rig.store)).run().problem != nil)
        #expect(try await rig.revisions() == ["1"] && rig.files(".doorbell") == ["a"] && rig.files() == ["b", "bad", "done"])
        let outcome = await rig.start().run()
        #expect(outcome.accepted == 1 && outcome.problem == nil)
        #expect(try await rig.revisions() == ["1", "2"])
        #expect(rig.files("done") == ["a", "b"] && rig.files(".doorbell").isEmpty)
    }

    @Test("The same file moved back is the same change; the same content written anew is another, and so is the same name")
    func identity() async throws {
        let rig = try await DropRig()
        let poll = rig.start()
        try rig.drop("push", DropRig.change("A"))
        _ = await poll.run()
        try FileManager.default.moveItem(atPath: rig.directory.file("in/done/push"), toPath: rig.directory.file("in/push"))
        #expect(await poll.run().accepted == 0)
        try rig.drop("push", DropRig.change("B"))
        try rig.drop("again", DropRig.change("A"))
        #expect(await poll.run().accepted == 2)
        #expect(try await rig.revisions() == ["A", "A", "B"])
        #expect(rig.files("done") == ["again", "push", "push.2"])
        try rig.drop("one", DropRig.change("C", #", "dedupe_key": "k""#))
        try rig.drop("two", DropRig.change("C", #", "dedupe_key": "k""#))
        #expect(await poll.run().accepted == 1)
    }

    @Test("What cannot be a change lies in bad/ with the reason, and the others go on; the source says so until it is gone")
    func bad() async throws {
        let rig = try await DropRig()
        let poll = rig.start()
        let secret = rig.directory.file("secret")
        try DropRig.change("stolen").write(toFile: secret, atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: rig.directory.file("in/link"), withDestinationPath: secret)
        mkfifo(rig.directory.file("in/pipe"), 0o600)
        try rig.drop("none", "no JSON")
        try rig.drop("empty", "")
        try rig.drop("field", DropRig.change("x", #", "brunch": "main""#))
        try rig.drop("list", "[\(DropRig.change("x")), \(DropRig.change("a b"))]")
        try rig.drop("other", DropRig.change("x", #", "source": "elsewhere""#))
        try rig.drop("large", String(repeating: " ", count: DropDirectory.largest + 1))
        try rig.drop("z", DropRig.change("1"))
        let outcome = await poll.run()
        #expect(outcome.problem == nil && outcome.accepted == 1)
        #expect(try await rig.revisions() == ["1"])
        #expect(rig.files("bad").filter { !$0.hasSuffix(".reason") } == ["empty", "field", "large", "link", "list", "none", "other", "pipe"])
        #expect(rig.reason("link").contains("symbolic link") && rig.reason("pipe").contains("no regular file"))
        #expect(rig.reason("field").contains("/brunch") && rig.reason("list").contains("change 2 of 2: /revision"))
        #expect(rig.reason("large").contains("more than") && rig.reason("other").contains("/source"))
        let health = try #require(try await rig.store.sourceState("dropped").health)
        #expect(!health.healthy && health.message?.contains("8 files lie in \(rig.directory.file("in/bad"))") == true)
        // Mended and moved back, it is taken; with the rest removed, all is well.
        try DropRig.change("2").write(toFile: rig.directory.file("in/bad/none"), atomically: false, encoding: .utf8)
        try FileManager.default.moveItem(atPath: rig.directory.file("in/bad/none"), toPath: rig.directory.file("in/none"))
        for name in rig.files("bad") { try FileManager.default.removeItem(atPath: rig.directory.file("in/bad/\(name)")) }
        #expect(await poll.run().complaint == nil)
        #expect(try await rig.revisions() == ["1", "2"])
        #expect(try await rig.store.sourceState("dropped").health?.healthy == true)
    }

    @Test("Files that are not there yet, and directories, are left alone")
    func ignored() async throws {
        let rig = try await DropRig()
        for name in [".hidden", "part.tmp"] { try "x".write(toFile: rig.directory.file("in/\(name)"), atomically: false, encoding: .utf8) }
        try FileManager.default.createDirectory(atPath: rig.directory.file("in/folder"), withIntermediateDirectories: true)
        let outcome = await rig.start().run()
        #expect(outcome.accepted == 0 && outcome.complaint == nil && outcome.problem == nil)
        #expect(rig.files() == [".hidden", "bad", "done", "folder", "part.tmp"])
    }

    @Test("bad/ that is a link leads nowhere: nothing is moved through it")
    func linkedFolder() async throws {
        let rig = try await DropRig()
        try FileManager.default.createDirectory(atPath: rig.directory.file("elsewhere"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: rig.directory.file("in/bad"), withDestinationPath: rig.directory.file("elsewhere"))
        try rig.drop("a", "x")
        #expect(await rig.start().run().problem?.contains("/bad cannot be opened") == true)
    }

    @Test("A mapping reads files in whatever form; what it does not mean is out of the way without a change")
    func mapped() async throws {
        let rig = try await DropRig()
        func text(_ text: String) throws -> [MappedText] { [try MappedText(text)] }
        var mapping = ChangeMapping(texts: [
            .repository: try text("https://example.org/{/repo}"), .branch: try text("main"), .revision: try text("{./id}"),
            .comments: try text("{@id}"),
        ])
        mapping.each = try MappedText("{/commits}")
        mapping.only = [.init(text: try MappedText("{/kind}"), words: ["push"])]
        let poll = rig.start(rig.source(mappings: [mapping]))
        try rig.drop("a", #"{"kind": "push", "repo": "r", "commits": [{"id": "1"}, {"id": "2"}]}"#)
        try rig.drop("b", #"{"kind": "star"}"#)
        try rig.drop("c", #"{"kind": "push", "repo": "r", "commits": [{}]}"#)
        #expect(await poll.run().accepted == 2)
        #expect(try await rig.revisions() == ["1", "2"])
        #expect(rig.files("done") == ["a", "b"] && rig.reason("c").contains("\"revision\""))
        let change = try await rig.store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 1)).first?.content
        #expect(change?.project == "demo" && change?.comments == "a")
    }

    @Test("Of two intakes that share a directory one takes, and the other leaves it alone; then the other takes what is new")
    func shared() async throws {
        let rig = try await DropRig()
        try rig.drop("a", DropRig.change("1"))
        let one = DropDirectory(path: rig.directory.file("in"))
        #expect(try await one.open())
        let other = rig.start()
        #expect(await other.run().accepted == 0)
        #expect(rig.files() == ["a", "bad", "done"])
        await one.close()
        #expect(await other.run().accepted == 1)
    }

    @Test("More files than one look takes are taken in order over several")
    func many() async throws {
        let rig = try await DropRig()
        for number in 0..<DirectoryLook.batch + 3 { try rig.drop(String(format: "%04d", number), DropRig.change("\(number)")) }
        let poll = rig.start()
        let first = await poll.run()
        #expect(first.accepted == DirectoryLook.batch && first.more)
        let second = await poll.run()
        #expect(second.accepted == 3 && !second.more)
        #expect(try await rig.revisions() == (0..<DirectoryLook.batch + 3).map { "\($0)" })
    }

    @Test("With the database away files stay, and are taken when it is back; a directory that is not there is said, and found when it comes")
    func away() async throws {
        let rig = try await DropRig()
        try rig.drop("a", DropRig.change("1"))
        #expect(await rig.start(store: DyingStore(store: rig.store, commits: false)).run().problem != nil)
        #expect(rig.files("bad").isEmpty && rig.files("done").isEmpty)
        #expect(await rig.start().run().accepted == 1)
        try FileManager.default.moveItem(atPath: rig.directory.file("in"), toPath: rig.directory.file("was"))
        let poll = rig.start()
        #expect(await poll.run().problem?.contains("cannot be opened: No such file or directory") == true)
        try FileManager.default.createDirectory(atPath: rig.directory.file("in"), withIntermediateDirectories: true)
        try rig.drop("a", DropRig.change("2"))
        #expect(await poll.run().accepted == 1)
    }

    #if os(Linux)
        @Test("A file that comes rings at once, however slow the beat is, also after the directory was replaced")
        func rings() async throws {
            let rig = try await DropRig()
            let source = rig.source()
            let applied = AppliedConfiguration(
                id: ConfigurationID(1), digest: "", applied: Timestamp(seconds: 0),
                configuration: Configuration(project: "demo", directories: [source]))
            let bell = LocalBell()
            let classified = Watched(0)
            let subscription = bell.listen(to: .schedulingClassify) { classified.change { $0 += 1 } }
            defer { subscription.cancel() }
            let poller = SourcePoller(
                store: rig.store, bell: bell, dataDirectory: rig.directory.file("data"), configuration: { applied }, logger: rig.log.logger)
            let group = ServiceGroup(services: poller.loops, logger: Logger(label: "test"))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                await poller.waitForFirstContact(within: .seconds(30))
                try rig.drop("a", DropRig.change("1"))
                await classified.wait { $0 >= 1 }
                try FileManager.default.moveItem(atPath: rig.directory.file("in"), toPath: rig.directory.file("was"))
                try FileManager.default.createDirectory(atPath: rig.directory.file("new"), withIntermediateDirectories: true)
                try FileManager.default.moveItem(atPath: rig.directory.file("new"), toPath: rig.directory.file("in"))
                try rig.drop("b", DropRig.change("2"))
                await classified.wait { $0 >= 2 }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(try await rig.revisions() == ["1", "2"])
        }
    #endif
}
