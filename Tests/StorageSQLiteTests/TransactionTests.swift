import Domain
import GRDB
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StorageSQLite

/// What one transaction of the embedded store promises.
@Suite struct TransactionTests {
    private struct Refusal: Error {}
    private let directory = TemporaryDirectory()

    private func open(counting: Bool = false) async throws -> SQLiteStore {
        try await SQLiteStore.open(directory: directory.path, clock: ManualStoreClock(), countingStatements: counting)
    }

    @Test("An event cannot be changed once it is in the outbox")
    func outboxIsInsertOnly() async throws {
        let store = try await open()
        _ = try await store.accept([Samples.change("1")], advancing: nil)
        await #expect {
            try await store.write("tampering") { try $0.run("UPDATE outbox SET data = '{}'") }
        } throws: { error in
            "\(error)".contains("insert-only")
        }
    }

    @Test("A transaction that fails leaves nothing: no row, no event, nobody woken, nothing remembered")
    func failureLeavesNothing() async throws {
        let store = try await open()
        let configuration = Samples.configuration()
        _ = try await store.apply(configuration, digest: Samples.digest(1))
        let before = try await store.everyEvent()
        store.onEvents { Issue.record("somebody was woken") }
        let plan = PlannedBuildset(
            scheduler: "commits", trigger: "t", reason: "r",
            stamp: SourceStamp(project: "demo", repository: "r", branch: "main", revision: nil), changes: [], parents: [], builders: ["test"])
        await #expect(throws: StoreError.internalError("failing: \(Refusal())")) {
            try await store.write("failing") { transaction in
                _ = try transaction.create(NewBuildset(plan, newest: nil, byRule: true), configuration: configuration)
                throw Refusal()
            }
        }
        #expect(try await store.everyEvent() == before)
        await #expect(throws: StoreError.notFound("there is no buildset 1")) {
            try await store.write("looking") { _ = try $0.context(of: BuildsetID(1)) }
        }
    }

    @Test("A trigger makes one buildset, whoever asks again")
    func triggersAreUnique() async throws {
        let store = try await open()
        let configuration = Samples.configuration(uses: ["test"])
        _ = try await store.apply(configuration, digest: Samples.digest(1))
        _ = try await store.accept([Samples.change("1")], advancing: nil)
        let planner = Planner(configuration: configuration)
        #expect(try await store.classify(limit: 10, planner: planner).buildsets.count == 1)
        let events = try await store.everyEvent()
        try await store.write("repeating") { try $0.run("INSERT INTO unclassified (change, accepted) VALUES (1, 0)") }
        #expect(try await store.classify(limit: 10, planner: planner) == SchedulingResult(taken: 1, buildsets: []))
        #expect(try await store.everyEvent() == events)
    }

    @Test("Open requests follow the labels that the configuration in force gives their builder")
    func requestsFollowLabels() async throws {
        let store = try await open()
        let linux = Samples.configuration(builders: [Samples.builder("test", labels: ["os": "linux"]), Samples.builder("docs")])
        _ = try await store.apply(linux, digest: Samples.digest(1))
        let ended = try await store.force(Samples.force(), idempotency: nil).request
        _ = try await store.cancelRequest(ended, reason: "")
        let open = try await store.force(Samples.force(), idempotency: nil).request
        let other = try await store.force(Samples.force("docs"), idempotency: nil).request
        let mac = Samples.configuration(builders: [Samples.builder("test", labels: ["os": "mac"]), Samples.builder("docs")])
        _ = try await store.apply(mac, digest: Samples.digest(2))
        func labels(_ request: RequestID) async throws -> String? {
            try await store.pool.read {
                try String.fetchOne(
                    $0, sql: "SELECT m.labels FROM requests r JOIN match_classes m ON m.id = r.match_class WHERE r.id = ?",
                    arguments: [request.rawValue])
            }
        }
        #expect(try await labels(open) == #"{"os":"mac"}"#)
        #expect(try await labels(other) == "{}")
        #expect(try await labels(ended) == #"{"os":"linux"}"#, "history stays as it was")
    }

    @Test("A full disk is told, loses nothing that was accepted, and is over when there is space")
    func fullDisk() async throws {
        let store = try await open()
        _ = try await store.accept([Samples.change("1", key: "k")], advancing: nil)
        let pages = try await store.pool.write { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        try await store.pool.write { try $0.execute(sql: "PRAGMA max_page_count = \(pages + 1)") }
        let large = (0..<500).map { Samples.change("large \($0)") }
        await #expect {
            try await store.accept(large, advancing: nil)
        } throws: { error in
            if case StoreError.unavailable(let text) = error { text.contains("full") } else { false }
        }
        #expect(try await store.accept([Samples.change("1", key: "k")], advancing: nil).first?.created == false)
        try await store.pool.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(try await store.accept(large, advancing: nil).count == 500)
        #expect(try await store.events(.changeReceived).count == 501)
    }

    @Test("A write is not torn by the end of the task that asked for it")
    func cancelledTask() async throws {
        let store = try await open()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await store.accept([Samples.change("1")], advancing: nil)
        }
        #expect(try await task.value.count == 1)
        #expect(try await store.events(.changeReceived).count == 1)
    }

    @Test("Statements are counted when the store was opened to count them")
    func statementCounting() async throws {
        let store = try await open(counting: true)
        let before = try #require(store.statementCount)
        _ = try await store.accept((0..<100).map { Samples.change(String($0), key: String($0)) }, advancing: nil)
        let each = (try #require(store.statementCount) - before) / 100
        #expect((1...6).contains(each))
        try await store.close()
        #expect(try await open().statementCount == nil)
    }
}
