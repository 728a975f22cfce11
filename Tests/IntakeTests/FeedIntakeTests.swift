import Domain
import Foundation
import Logging
import Signals
import Storage
import StorageSQLite
import Synchronization
import TestSupport
import Testing

@testable import Intake

/// What the intake does with the messages of a feed, on a feed that a test fills.
@Suite(.timeLimit(.minutes(2))) struct FeedIntakeTests {
    /// A feed that gives a judge what a test says.
    private final class GivenFeed: Feed {
        let judge: FeedIntake.Judge
        private let isOver = Flag()

        init(_ judge: @escaping FeedIntake.Judge) { self.judge = judge }

        var status: FeedStatus {
            var status = FeedStatus()
            status.isConnected = true
            return status
        }

        func run() async throws {
            await withTaskCancellationHandler {
                await isOver.wait()
            } onCancel: {
                isOver.raise()
            }
        }
    }

    private static func mapping() throws -> ChangeMapping {
        ChangeMapping(
            only: [.init(text: try MappedText("{/kind}"), words: ["push"])],
            texts: [
                .repository: [try MappedText("{/repo}")], .branch: [try MappedText("{/branch}")], .revision: [try MappedText("{/rev}")],
                .when: [try MappedText("{/at}")], .comments: [try MappedText("{/text}")],
            ], files: [try MappedText("{/files}")], properties: ["n": try MappedText("{/n}")])
    }

    private static func configuration(_ feeds: [FeedConfiguration], _ limit: ChangeLimit?) -> AppliedConfiguration {
        AppliedConfiguration(
            id: ConfigurationID(1), digest: "d", applied: Timestamp(seconds: 0),
            configuration: Configuration(project: "demo", feeds: feeds, sourceLimits: limit.map { ["pulse": $0] } ?? [:]))
    }

    /// A running intake of one feed, and that feed.
    private func start(
        _ store: any ChangeStore & SourceStore, limit: Watched<ChangeLimit?> = Watched(nil)
    ) async throws -> (intake: FeedIntake, feed: GivenFeed) {
        let feed = FeedConfiguration(name: "pulse", queue: "q", deadLetters: .refuse, mappings: [try Self.mapping()])
        let made = Watched<GivenFeed?>(nil)
        let intake = FeedIntake(
            store: store, bell: LocalBell(), configuration: { Self.configuration([feed], limit.value) },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { _, judge in
            let feed = GivenFeed(judge)
            made.change { $0 = feed }
            return feed
        }
        for loop in intake.loops {
            loop.ring()
            Task { try await loop.run() }
        }
        await made.wait { $0 != nil }
        return (intake, try #require(made.value))
    }

    private func changes(in store: SQLiteStore) async throws -> [Change] {
        try await store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 10))
    }

    /// A store that has no changes for a while, and its sources all the same.
    private struct AwaySources: ChangeStore, SourceStore {
        let changes: SwitchedStore
        let sources: any SourceStore
        /// What the whole database answers, while it is set.
        let failure = Watched<StoreError?>(nil)

        init(_ store: SQLiteStore) {
            changes = SwitchedStore(store)
            sources = store
        }

        func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
            if let failure = failure.value { throw failure }
            return try await self.changes.accept(changes, advancing: advancing)
        }
        func sourceState(_ source: String) async throws -> SourceState {
            if let failure = failure.value { throw failure }
            return try await sources.sourceState(source)
        }
        func recordSourceHealth(_ source: String, _ health: SourceHealth) async throws { try await sources.recordSourceHealth(source, health) }
        func mirrorEnds(of lines: [String]) async throws -> [String: MirrorEnd] { try await sources.mirrorEnds(of: lines) }
        func leaseSource(_ source: String, to poller: String, for period: Duration) async throws -> Bool {
            try await sources.leaseSource(source, to: poller, for: period)
        }
        func releaseSources(of poller: String) async throws { try await sources.releaseSources(of: poller) }
    }

    private func message(_ body: String, id: String? = nil, isWhole: Bool = true) -> FeedMessage {
        FeedMessage(exchange: "e", routingKey: "k", id: id, body: Array(body.utf8), isWhole: isWhole)
    }

    private static let push = #"{"kind":"push","repo":"https://example.org/r","branch":"main","rev":"abc","files":["a","b"],"n":7,"at":1700000000}"#

    @Test("Beyond the limit of its source a message waits at the broker, and the source says so; when there is room it is taken")
    func limited() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path)
        let limit = Watched<ChangeLimit?>(ChangeLimit(changes: 1, per: .seconds(3600)))
        let (intake, feed) = try await start(store, limit: limit)
        #expect(await feed.judge([message(Self.push, id: "1"), message(Self.push, id: "2")]) == [.done, .done])
        let ended = Watched<[FeedVerdict]?>(nil)
        let waiting = Task {
            let verdicts = await feed.judge([message(Self.push, id: "3")])
            ended.change { $0 = verdicts }
        }
        while intake.reports().first?.status.trouble?.contains("more than 1 changes in 3600 s") != true { await Task.yield() }
        #expect(ended.value == nil)
        #expect(try await changes(in: store).count == 2)
        limit.change { $0 = nil }
        await ended.wait { $0 == [.done] }
        await waiting.value
        #expect(try await changes(in: store).count == 3)
        #expect(intake.reports().first?.status.trouble == nil)
    }

    @Test("A message becomes a change; the same message again is the same change, and what is not meant is none")
    func takes() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path)
        let (_, feed) = try await start(store)
        let verdicts = await feed.judge([
            message(Self.push, id: "1"), message(#"{"kind":"ping"}"#), message(Self.push, id: "1"), message(Self.push, id: "2"),
        ])
        #expect(verdicts == [.done, .done, .done, .done])
        let changes = try await changes(in: store)
        #expect(changes.count == 2)
        let change = try #require(changes.first?.content)
        #expect(change.source == "pulse" && change.project == "demo" && change.branch == "main" && change.revision == "abc")
        #expect(change.files == ["a", "b"] && change.properties == ["n": 7] && change.when == Timestamp(seconds: 1_700_000_000))
        try await store.close()
    }

    @Test("Without a name the content tells messages apart")
    func unnamed() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path)
        let (_, feed) = try await start(store)
        _ = await feed.judge([message(Self.push), message(Self.push), message(Self.push.replacing("abc", with: "def"))])
        #expect(try await changes(in: store).count == 2)
        try await store.close()
    }

    @Test(
        "What makes no sense is told with the reason, and keeps nobody from being taken",
        arguments: [
            ("no JSON", "not JSON"), ("\u{FF}", "has nothing at"), (#"{"kind":"push"}"#, "\"repository\": the message has nothing at {/repo}"),
            (push.replacing("https", with: "ext::sh"), "lets git run any program"),
            (push.replacing("1700000000", with: "\"soon\""), "neither seconds"),
            (push.replacing("\"main\"", with: "\"-f\""), "begins with -"),
            (String(repeating: "[", count: 100_000), "not JSON"),
        ])
    func poison(body: String, reason: String) async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path)
        let (_, feed) = try await start(store)
        let bytes = body == "\u{FF}" ? message(#"{"kind":"push","repo":7}"#) : message(body)
        let verdicts = await feed.judge([bytes, message(Self.push)])
        guard case .poison(let said) = verdicts[0] else {
            Issue.record("it was taken: \(verdicts)")
            return
        }
        #expect(said.contains(reason))
        #expect(verdicts[1] == .done)
        #expect(try await changes(in: store).count == 1)
        try await store.close()
    }

    @Test("What the database refuses for good is moved aside, and keeps nobody from being taken")
    func refused() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path)
        let (_, feed) = try await start(AwaySources(store))
        let poison = Self.push.replacing("\"n\"", with: "\"text\":\"poison\",\"n\"")
        let verdicts = await feed.judge([message(Self.push, id: "1"), message(poison, id: "2"), message(Self.push, id: "3")])
        #expect(verdicts == [.done, .poison("the database refuses its changes; the intake's log says why"), .done])
        #expect(try await changes(in: store).count == 2)
        try await store.close()
    }

    @Test(
        "What is wrong with the database is blamed on no message: all wait until it is mended",
        arguments: [StoreError.configuration("the password is wrong"), .internalError("relation does not exist")])
    func brokenDatabase(error: StoreError) async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path)
        let broken = AwaySources(store)
        broken.failure.change { $0 = error }
        let (intake, feed) = try await start(broken)
        let judging = Task { await feed.judge([message(Self.push, id: "1"), message(Self.push, id: "2")]) }
        while intake.reports().first?.status.trouble?.contains("wait at the broker") != true { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await changes(in: store).isEmpty)
        broken.failure.change { $0 = nil }
        #expect(await judging.value == [.done, .done])
        #expect(try await changes(in: store).count == 2)
        try await store.close()
    }

    @Test("Elements of one message are changes of their own, whatever the key says of the message")
    func elements() throws {
        let mapping = ChangeMapping(
            each: try MappedText("{/commits}"),
            texts: [
                .repository: [try MappedText("r")], .branch: [try MappedText("main")], .revision: [try MappedText("{.}")],
                .key: [try MappedText("{/push}")],
            ])
        let changes = FeedChanges(
            feed: FeedConfiguration(name: "f", queue: "q", deadLetters: .refuse, mappings: [mapping]), ties: SourceTies(project: "demo"))
        let made = try changes.read(message(#"{"push": 7, "commits": ["a", "b"]}"#)).get()
        #expect(made.count == 2 && Set(made.map(\.dedupeKey)).count == 2)
    }

    @Test("A patch set of Gerrit's stream is a pull request that anybody may have written")
    func gerrit() throws {
        let mappings = try MappingPreset.gerrit.mappings().map { mapping in
            mapping.overridden(by: ChangeMapping(texts: [.repository: [try MappedText("https://example.org/{/change/project}")]]))
        }
        let changes = FeedChanges(
            feed: FeedConfiguration(name: "gerrit", queue: "q", deadLetters: .refuse, mappings: mappings), ties: SourceTies(project: "demo"))
        let event = """
            {"type": "patchset-created", "change": {"project": "p", "branch": "main", "number": 7, "subject": "Do it"},
            "patchSet": {"number": 2, "revision": "abc", "ref": "refs/changes/07/7/2", "uploader": {"username": "ann"}}, "eventCreatedOn": 1700000000}
            """
        let change = try #require(try changes.read(message(event)).get().first)
        #expect(change.isPull && change.isUntrusted && change.branch == "refs/changes/07/7/2" && change.properties[PullProperty.baseBranch] == "main")
    }

    @Test("A message that was not read to its end is no change")
    func cut() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path)
        let (_, feed) = try await start(store)
        guard case .poison(let said) = await feed.judge([message(Self.push, isWhole: false)])[0] else {
            Issue.record("it was taken")
            return
        }
        #expect(said.contains("too long"))
        try await store.close()
    }

    @Test("While the database is away nothing is judged: the messages stay at the broker, and become changes when it is back")
    func databaseAway() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path)
        let away = AwaySources(store)
        away.changes.set(away: true)
        let (intake, feed) = try await start(away)
        let judging = Task { await feed.judge([message(Self.push, id: "1")]) }
        while intake.reports().first?.status.trouble == nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(intake.reports().first?.status.trouble?.contains("wait at the broker") == true)
        #expect(try await changes(in: store).isEmpty)
        away.changes.set(away: false)
        #expect(await judging.value == [.done])
        #expect(try await changes(in: store).count == 1)
        #expect(intake.reports().first?.status.trouble == nil)
        try await store.close()
    }
}
