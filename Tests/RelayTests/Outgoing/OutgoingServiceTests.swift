import Domain
import Foundation
import Logging
import ServerSupport
import Signals
import Storage
import StorageSQLite
import StoreConformance
import Synchronization
import TestSupport
import Testing

@testable import Relay
@testable import StoragePostgres

/// The service on real stores, with endpoints that the test plays.
@Suite(.timeLimit(.minutes(3))) struct OutgoingServiceTests {
    /// Takes what is sent to it, and answers as it is told.
    final class Player: EventTarget {
        let name: String
        let got = Watched<[EventRecord]>([])
        private let answer = Mutex<@Sendable (EventRecord) async -> SendResult>({ _ in .arrived(status: 200) })

        init(_ name: String) { self.name = name }

        func order(of event: EventRecord) -> String? { "\(event.entity)/\(event.entityID)" }

        func answering(_ answer: @escaping @Sendable (EventRecord) async -> SendResult) { self.answer.withLock { $0 = answer } }

        func send(_ event: EventRecord) async -> SendResult {
            let result = await answer.withLock { $0 }(event)
            if case .arrived = result { got.change { $0.append(event) } }
            return result
        }

        func wait(for count: Int) async { await got.wait { $0.count >= count } }
    }

    /// One process's share.
    final class Member: Sendable {
        let service: OutgoingService
        private let tasks: [Task<Void, any Error>]

        init(
            _ store: any OutboxStore & OutgoingStore, _ bell: LocalBell, _ name: String, _ targets: [Player],
            _ bounds: OutgoingBounds = OutgoingBounds()
        ) {
            let service = OutgoingService(
                store: store, bell: bell, name: name, bounds: bounds, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ) { targets }
            self.service = service
            tasks = [Task { try await service.loop.run() }, Task { try await service.run() }]
        }

        /// As a kill does: nothing is told to anybody.
        func die() async {
            for task in tasks { task.cancel() }
            for task in tasks { _ = await task.result }
        }
    }

    private func waitUntil(_ check: @Sendable () async throws -> Bool) async throws {
        for _ in 0..<1200 {
            if try await check() { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("it did not come to that")
    }

    private func isThere(_ store: any OutgoingStore, _ count: Int) async throws {
        try await waitUntil { try await store.subscribers().count == count }
    }

    @Test("On the embedded store a commit wakes it; at rest it runs no statement")
    func embedded() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: SystemStoreClock(), countingStatements: true)
        let player = Player("hook")
        let member = Member(store, LocalBell(), "one", [player])
        try await isThere(store, 1)
        _ = try await store.accept((1...30).map { Samples.change(String($0)) }, advancing: nil)
        await player.wait(for: 30)
        #expect(player.got.value.map(\.entityID).sorted() == Array(1...30))
        try await waitUntil { try await store.subscribers()[0].lag == 0 }
        let row = try await store.subscribers()[0]
        #expect(row.sent == 30 && row.waiting == 0 && row.failed == 0)
        try await Task.sleep(for: .seconds(2))
        let before = try #require(store.statementCount)
        for _ in 0..<20 { member.service.loop.ring() }
        try await Task.sleep(for: .seconds(1))
        #expect(store.statementCount == before)
        await member.die()
        try await store.close()
    }

    @Test("What was sent and written is not sent again after a restart; what was set aside is")
    func restart() async throws {
        let directory = TemporaryDirectory()
        let clock = SystemStoreClock()
        var store = try await SQLiteStore.open(directory: directory.path, clock: clock)
        let first = Player("hook")
        first.answering { $0.entityID == 2 ? .failed(status: 500, reason: "answers 500") : .arrived(status: 200) }
        var member = Member(store, LocalBell(), "one", [first])
        try await isThere(store, 1)
        _ = try await store.accept((1...3).map { Samples.change(String($0)) }, advancing: nil)
        await first.wait(for: 2)
        let held = store
        try await waitUntil { try await held.subscribers()[0].waiting == 1 }
        await member.die()
        try await store.close()
        store = try await SQLiteStore.open(directory: directory.path, clock: clock)
        let second = Player("hook")
        var bounds = OutgoingBounds()
        bounds.lease = .seconds(30)
        member = Member(store, LocalBell(), "two", [second], bounds)
        // The dead one's lease ends by itself.
        await second.wait(for: 1)
        #expect(second.got.value.map(\.entityID) == [2])
        await member.die()
        try await store.close()
    }

    @Test("Two processes on one database send each event once; when one dies, the other goes on where the database says")
    func twoProcesses() async throws {
        let url = try await PrivatePostgres.shared().newDatabase()
        let left = try await PostgresStore.open(try PostgresAddress(url), connections: 3, migrating: true)
        let right = try await PostgresStore.open(try PostgresAddress(url), connections: 3, migrating: false)
        let players = ["a", "b", "c"].map { Player($0) }
        var bounds = OutgoingBounds()
        (bounds.lease, bounds.longestSending) = (.seconds(3), .milliseconds(500))
        let bell = LocalBell()
        let one = Member(left, bell, "one", players, bounds)
        let two = Member(right, bell, "two", players, bounds)
        try await isThere(left, 3)
        func commit(_ range: ClosedRange<Int>) async throws {
            for number in range {
                _ = try await left.accept([Samples.change(String(number))], advancing: nil)
                _ = try await left.tick(shard: 0)
                bell.ring(.events)
            }
        }
        try await commit(1...40)
        for player in players {
            await player.wait(for: 40)
            #expect(player.got.value.map(\.entityID).sorted() == Array(1...40))
        }
        let owners = try await left.subscribers().compactMap(\.owner)
        #expect(Set(owners).isSubset(of: ["one", "two"]))
        try await waitUntil { try await left.subscribers().allSatisfy { $0.lag == 0 } }
        await one.die()
        try await commit(41...80)
        for player in players {
            await player.wait(for: 80)
            var once: [Int64] = []
            for event in player.got.value where !once.contains(event.entityID) { once.append(event.entityID) }
            #expect(once.sorted() == Array(1...80))
        }
        try await waitUntil { try await left.subscribers().allSatisfy { $0.lag == 0 && $0.owner != "one" } }
        await two.die()
        try await left.close()
        try await right.close()
    }

    @Test("An endpoint that hangs holds up neither another subscriber nor other entities of its own")
    func hanging() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: SystemStoreClock())
        let (slow, fast) = (Player("slow"), Player("fast"))
        let gate = Flag()
        slow.answering { event in
            if event.entityID == 1 { await gate.wait() }
            return .arrived(status: 200)
        }
        let member = Member(store, LocalBell(), "one", [slow, fast])
        try await isThere(store, 2)
        _ = try await store.accept((1...20).map { Samples.change(String($0)) }, advancing: nil)
        await fast.wait(for: 20)
        await slow.wait(for: 19)
        #expect(!slow.got.value.contains { $0.entityID == 1 })
        gate.raise()
        await slow.wait(for: 20)
        await member.die()
        try await store.close()
    }

    @Test("What somebody asks for is sent again, with the id that it had")
    func again() async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: SystemStoreClock())
        let player = Player("hook")
        let bell = LocalBell()
        let member = Member(store, bell, "one", [player])
        try await isThere(store, 1)
        _ = try await store.accept([Samples.change("1")], advancing: nil)
        await player.wait(for: 1)
        try await waitUntil { try await store.subscribers()[0].sent == 1 }
        let row = try #require(try await store.sendings(PageQuery(SendingFields(subscriber: "hook"))).first)
        #expect(try await store.sendAgain(row.id, to: "hook"))
        bell.ring(.outgoing)
        await player.wait(for: 2)
        #expect(Set(player.got.value.map(\.messageID)).count == 1)
        try await waitUntil { try await store.waitingSendings(of: "hook").isEmpty }
        await member.die()
        try await store.close()
    }
}
