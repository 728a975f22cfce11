import Domain
import Foundation
import ProcessSupport
import Signals
import Storage
import TestSupport
import Testing
import Wire

@testable import Intake

/// A poller of a real repository beside somebody else who tells of it.
@Suite(.timeLimit(.minutes(10))) struct MirrorTests {
    private let group = MirrorGroup(name: "repo")

    private var ties: SourceTies { SourceTies(project: "demo", group: group) }

    /// What a hook tells of one push.
    @discardableResult
    private func tell(_ commits: String..., key: String, branch: String = "main", _ rig: PollRig) async throws -> [ChangeReceipt] {
        let changes = commits.map { commit in
            NewChange(
                source: "forge", project: "demo", repository: "https://forge.example.org/any/remote.git", branch: branch, revision: commit,
                dedupeKey: "\(key) \(commit)")
        }
        return try await rig.store.accept(group.told(changes), advancing: nil)
    }

    private func revisions(_ rig: PollRig) async throws -> [String] { try await rig.changes().map(\.revision) }

    private func end(_ rig: PollRig) async throws -> String? {
        let line = group.line(repository: rig.remote.path, branch: "main")
        return try await rig.store.mirrorEnds(of: [line])[line]?.revision
    }

    @Test("Whoever is first, each commit of a push is a change once", arguments: [SourceConfiguration.Commits.each, .tip])
    func once(commits: SourceConfiguration.Commits) async throws {
        let rig = try await PollRig()
        let poll = rig.start(rig.source(commits: commits), ties: ties)
        var pushed = [try rig.remote.commit(["a": "0"], message: "0")]
        try await tell(pushed[0], key: "0", rig)
        await rig.drain(poll)
        for push in 1...6 {
            let first = try rig.remote.commit(["a": "\(push)"], message: "\(push)")
            let second = try rig.remote.commit(["b": "\(push)"], message: "\(push) again")
            let made = commits == .each ? [first, second] : [second]
            if push.isMultiple(of: 2) { await rig.drain(poll) }
            let receipts =
                commits == .each
                ? try await tell(first, second, key: "\(push)", rig) : try await tell(second, key: "\(push)", rig)
            #expect(receipts.map(\.created) == made.map { _ in !push.isMultiple(of: 2) })
            await rig.drain(poll)
            await rig.drain(poll)
            pushed += made
        }
        let found = try await revisions(rig)
        #expect(found == pushed)
    }

    @Test("A branch that goes forth, back and forth again is three changes, of hook and poller together")
    func forthAndBack() async throws {
        let rig = try await PollRig()
        let poll = rig.start(ties: ties)
        let first = try rig.remote.commit(["a": "0"], message: "0")
        try await tell(first, key: "0", rig)
        await rig.drain(poll)
        let second = try rig.remote.commit(["a": "1"], message: "1")
        await rig.drain(poll)
        try await tell(second, key: "1", rig)
        try rig.remote.git("reset", "--hard", "--quiet", first)
        try await tell(first, key: "2", rig)
        for _ in 0..<3 { await rig.drain(poll) }
        let found = try await revisions(rig)
        #expect(found == [first, second, first])
    }

    @Test("A move back that the hook lost is found at the second look that sees it, once, and names no files")
    func lostMoveBack() async throws {
        let rig = try await PollRig()
        let poll = rig.start(ties: ties)
        let first = try rig.remote.commit(["a": "0"], message: "0")
        await rig.drain(poll)
        let second = try rig.remote.commit(["a": "1"], message: "1")
        try await tell(second, key: "1", rig)
        try rig.remote.git("reset", "--hard", "--quiet", first)
        // What answers may lag behind what tells: not yet.
        let outcome = await poll.run()
        #expect(outcome.accepted == 0 && outcome.problem == nil)
        await rig.drain(poll)
        await rig.drain(poll)
        let changes = try await rig.changes()
        #expect(changes.map(\.revision) == [first, second, first])
        #expect(changes.last?.source == "repo" && changes.last?.files == [])
        let end = try await end(rig)
        #expect(end == first)
        // The hook was late, not lost.
        let late = try await tell(first, key: "2", rig)
        #expect(late.map(\.created) == [false])
    }

    @Test("A branch that went on is no move back")
    func wentOn() async throws {
        let rig = try await PollRig()
        let poll = rig.start(ties: ties)
        let first = try rig.remote.commit(["a": "0"], message: "0")
        await rig.drain(poll)
        // Told, and not to be seen for the moment.
        let second = try rig.remote.commit(["a": "1"], message: "1")
        try await tell(second, key: "1", rig)
        try rig.remote.git("reset", "--hard", "--quiet", first)
        _ = await poll.run()
        try rig.remote.git("reset", "--hard", "--quiet", second)
        await rig.drain(poll)
        await rig.drain(poll)
        let found = try await revisions(rig)
        #expect(found == [first, second])
    }

    @Test("Of a long push of which the forge lists the newest commits only, the poller finds the others, and the branch stands at its tip")
    func longPush() async throws {
        let rig = try await PollRig()
        let poll = rig.start(ties: ties)
        let base = try rig.remote.commit(["a": "0"], message: "0")
        await rig.drain(poll)
        let way = try await rig.chain(450, from: base)
        try rig.remote.git("reset", "--hard", "--quiet", try #require(way.last))
        // Before the poller looks, and while it is on its way.
        try await tell(way[448], way[449], key: "1", rig)
        await rig.drain(poll)
        await rig.drain(poll)
        let found = try await revisions(rig)
        #expect(found.count == 451 && Set(found).count == 451)
        let end = try await end(rig)
        #expect(end == way.last)
    }

    @Test("A long push that was taken back while the poller was on its way is told, and the way back once, by whomever", arguments: [false, true])
    func longPushTakenBack(hookTells: Bool) async throws {
        let rig = try await PollRig()
        let poll = rig.start(ties: ties)
        let base = try rig.remote.commit(["a": "0"], message: "0")
        try await tell(base, key: "0", rig)
        await rig.drain(poll)
        let way = try await rig.chain(450, from: base)
        try rig.remote.git("reset", "--hard", "--quiet", try #require(way.last))
        let begun = await poll.run()
        #expect(begun.accepted == 200 && begun.more)
        try rig.remote.git("reset", "--hard", "--quiet", base)
        if hookTells {
            let receipts = try await tell(base, key: "1", rig)
            #expect(receipts.map(\.created) == [true])
        }
        for _ in 0..<3 { await rig.drain(poll) }
        let found = try await revisions(rig)
        #expect(found.filter { $0 == base }.count == 2 && found.count == 452 && Set(found).count == 451)
        let end = try await end(rig)
        #expect(end == base)
        let late = try await tell(base, key: "2", rig)
        #expect(late.map(\.created) == [hookTells])
    }

    @Test("A branch that is deleted and pushed again where it stood is two changes, also when the hook lost the second")
    func pushedAgain() async throws {
        let rig = try await PollRig()
        let poll = rig.start(ties: ties)
        let first = try rig.remote.commit(["a": "0"], message: "0")
        try rig.setRef("refs/heads/topic", to: first)
        await rig.drain(poll)
        for number in 1...3 {
            let told = try await tell(first, key: "\(number)", branch: "topic", rig)
            // Once the hook is first.
            #expect(told.map(\.created) == [number == 3])
            await rig.drain(poll)
            let made = try await rig.changes().filter { $0.branch == "topic" }
            #expect(made.count == number)
            guard number < 3 else { continue }
            try rig.remote.git("update-ref", "-d", "refs/heads/topic")
            await rig.drain(poll)
            try rig.setRef("refs/heads/topic", to: first)
            if number == 1 { await rig.drain(poll) }
        }
    }

    @Test("A look asks where branches stand, and where tags stand only when one moved; a tag that moves back is told all the same")
    func asked() async throws {
        let rig = try await PollRig()
        let store = AskedStore(rig.store)
        let look = GitLook(source: rig.source(tags: ["*"]), ties: ties, mirror: rig.directory.file("mirror"), store: store, logger: rig.log.logger)
        let poll = SourcePoll(source: .git(rig.source(tags: ["*"])), ties: ties, look: look, store: store, logger: rig.log.logger)
        let first = try rig.remote.commit(["a": "0"], message: "0")
        let second = try rig.remote.commit(["a": "1"], message: "1")
        for number in 1...5 { try rig.setRef("refs/tags/v\(number)", to: first) }
        await rig.drain(poll)
        let tag = "refs/tags/v1"
        let lines = ["main", tag].map { group.line(repository: rig.remote.path, branch: $0) }
        await rig.drain(poll)
        #expect(store.asked.value.last == [lines[0]])
        try await tell(first, key: "1", branch: tag, rig)
        // Told and seen; told there, back and away again; the last move is lost.
        for (number, revision) in [second, first, second].enumerated() { try await tell(revision, key: "2 \(number)", branch: tag, rig) }
        try await tell(first, key: "3", branch: tag, rig)
        try rig.setRef(tag, to: second)
        await rig.drain(poll)
        let asked = store.asked.value.reduce(into: Set<String>()) { $0.formUnion($1) }
        #expect(asked.contains(lines[1]))
        let made = try await rig.changes().filter { $0.branch == tag }
        #expect(made.map(\.revision) == [first, second, first, second, first, second])
        let end = try await rig.store.mirrorEnds(of: [lines[1]])[lines[1]]
        #expect(end?.revision == second)
        let before = store.asked.value.count
        await rig.drain(poll)
        #expect(store.asked.value.dropFirst(before) == [[lines[0]]])
    }

    @Test("A poller that is started anew, without its mirror, takes nothing for new")
    func startedAnew() async throws {
        let rig = try await PollRig()
        let first = try rig.remote.commit(["a": "0"], message: "0")
        try await tell(first, key: "0", rig)
        await rig.drain(rig.start(ties: ties))
        let second = try rig.remote.commit(["a": "1"], message: "1")
        try await tell(second, key: "1", rig)
        for mirror in ["other", "third", "third"] { await rig.drain(rig.start(mirror: mirror, ties: ties)) }
        let found = try await revisions(rig)
        #expect(found == [first, second])
    }

    @Test("A call that was spooled while the database was away is the change that a poller told meanwhile, and is found by its promised chain")
    func spooled() async throws {
        let rig = try await PollRig()
        let spool = try await ChangeSpool.open(dataDirectory: rig.directory.file("spool"))
        var change = group.told([Self.change("1")])[0]
        change.dedupeKey = "k"
        let chain = ChainID(deployment: rig.store.deployment, source: "forge", dedupeKey: "k")
        let kept = SpooledChange(change: change, isProtected: true, chain: chain, taken: Timestamp(seconds: 1))
        let refused = await spool.append([kept])
        #expect(refused.compactMap(\.self).isEmpty)
        var polled = change
        polled.source = "repo"
        polled.dedupeKey = "p"
        polled.mirror?.rule = .looked
        let first = try #require(try await rig.store.accept([polled], advancing: nil).first)
        let read = try await spool.first(1)
        #expect(read == [kept])
        _ = try await rig.store.accept(read.map(\.change), advancing: nil)
        var fields = ChangeFilterFields()
        fields.chain = chain
        let found = try await rig.store.changes(PageQuery(fields))
        #expect(found.map(\.id) == [first.id])
    }

    private static func change(_ revision: String) -> NewChange {
        NewChange(source: "forge", project: "demo", repository: "https://forge.example.org/any/remote.git", branch: "main", revision: revision)
    }

    @Test("A hook that tells nothing new is answered 200 with the first change, also when the forge sends it again")
    func hookAnswers() async throws {
        let group = group
        try await HookDoor.with(configure: { $0.mirrors = ["github": group, "repo": group] }) { door in
            let payload = try HookSamples.push([HookSamples.commit("c1")], after: "c1")
            var polled = NewChange(
                source: "repo", project: "demo", repository: "/srv/git/store.git", branch: "main", revision: "c1", dedupeKey: "p")
            polled = group.told([polled])[0]
            let first = try #require(try await door.store.accept([polled], advancing: nil).first)
            for _ in 0..<2 {
                let response = try await door.gitHub("push", payload)
                #expect(response.status == .ok)
                let answer = try HookDoor.answer(response)
                #expect(answer.changes == [HookAnswer.Made(id: first.id, chain: first.chain, created: false)])
            }
            let changes = try await door.changes()
            #expect(changes.count == 1)
            let deliveries = try await door.deliveries()
            #expect(deliveries.map(\.judgement.verdict) == [.accepted, .accepted])
        }
    }

    @Test("An intake that starts without its database knows which of its hooks tell of what others tell, and for which project")
    func identity() throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.file("spool"), withIntermediateDirectories: true)
        let hook = HookConfiguration(name: "forge", forge: .github)
        let configuration = Configuration(
            project: "demo", hooks: [hook], mirrors: ["forge": group, "repo": group], sourceProjects: ["forge": "shop"])
        try IdentityCache(deployment: "d", configuration: configuration, confirmed: 1).save(dataDirectory: directory.path)
        let read = try #require(IdentityCache.load(dataDirectory: directory.path)?.configuration)
        #expect(read.ties(of: "forge") == SourceTies(project: "shop", group: group))
    }

    @Test("What is dropped, listed and told at an exchange stands beside what a hook tells")
    func otherKinds() async throws {
        let rig = try await DropRig()
        let ties = SourceTies(project: "demo", group: group)
        let look = DirectoryLook(source: rig.source(), ties: ties, store: rig.store, logger: rig.log.logger) {}
        let poll = SourcePoll(source: .directory(rig.source()), ties: ties, look: look, store: rig.store, logger: rig.log.logger)
        try rig.drop("1.json", DropRig.change("r1"))
        let dropped = await poll.run()
        #expect(dropped.accepted == 1)
        let change = try #require(try await rig.store.changes(PageQuery(ChangeFilterFields())).first)
        let mapping = ChangeMapping(
            texts: [
                .repository: [try MappedText(change.content.repository)], .branch: [try MappedText(change.content.branch)],
                .revision: [try MappedText("{/rev}")], .project: [try MappedText("{/project}")],
            ])
        let feed = FeedChanges(feed: FeedConfiguration(name: "feed", queue: "q", deadLetters: .refuse, mappings: [mapping]), ties: ties)
        func told(_ body: String) throws -> [NewChange] {
            try feed.read(FeedMessage(exchange: "e", routingKey: "k", id: body, body: Array(body.utf8))).get()
        }
        let fed = try await rig.store.accept(try told(#"{"rev": "r1", "project": "own"}"#), advancing: nil)
        #expect(fed.map(\.id) == [change.id] && fed.map(\.created) == [false])
        // A mapping that names a project goes before its source, one that cannot fill it does not.
        let projects = try [#"{"rev": "r2", "project": "own"}"#, #"{"rev": "r3", "project": ""}"#].flatMap { try told($0).map(\.project) }
        #expect(projects == ["own", "demo"])
        let without = try feed.read(FeedMessage(exchange: "e", routingKey: "k", id: "x", body: Array(#"{"rev": "r4"}"#.utf8))).get()
        #expect(without.map(\.project) == ["demo"])
    }

    @Test("Changes of a source that names a project belong to that")
    func projects() async throws {
        let rig = try await PollRig()
        try rig.remote.commit(["a": "0"], message: "0")
        await rig.drain(rig.start(ties: SourceTies(project: "shop")))
        let polled = try await rig.changes()
        #expect(polled.map(\.project) == ["shop"])
        try await HookDoor.with(configure: { $0.sourceProjects = ["github": "forged"] }) { door in
            let response = try await door.gitHub("push", try HookSamples.push([HookSamples.commit("c1")], after: "c1"))
            #expect(response.status == .created)
            let told = try await door.changes()
            #expect(told.map(\.project) == ["forged"])
        }
    }
}
