import Domain
import Storage
import StoreConformance
import Testing

@testable import StoragePostgres

/// Days come and go as partitions, and none goes that somebody has yet to read (DESIGN §5).
@Suite(.takingTurns) struct RetentionTests {
    private static let day: Duration = .seconds(86_400)
    private static let week: Duration = day * 7

    @Test("A day that is published is dropped when it is a week old, and its cursor is refused from then on")
    func drops() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1", "2"])
        let published = try await world.publishAll()
        #expect(published.count == 2)
        let today = DayPartition(.outbox, at: world.clock.now())
        world.clock.advance(by: Self.week)
        #expect(try await world.store.keepHouse(retention: Self.week).dropped.isEmpty)
        world.clock.advance(by: Self.day)
        try await world.write(["3"])
        #expect(try await world.publishAll().count == 1)
        let report = try await world.store.keepHouse(retention: Self.week)
        #expect(report.dropped.contains(today.name) && report.dropped.contains(DayPartition(.ticks, at: today.start).name))
        #expect(report.kept.isEmpty)
        await #expect {
            try await world.store.events(after: published[0].cursor, limit: 10)
        } throws: { error in
            if case StoreError.conflict = error { true } else { false }
        }
        // What is kept can be read from its beginning.
        try await world.write(["4"])
        #expect(try await world.publishAll().count == 1)
        let left = try world.revisions(try await world.store.everyEvent())
        #expect(left == ["3", "4"])
        try await world.store.close()
    }

    @Test("A day that holds an event which is not published is kept and told, however old")
    func keeps() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        #expect(try await world.publishAll().count == 1)
        try await world.write(["2"])
        _ = try await world.store.tick(shard: 0)
        let today = DayPartition(.outbox, at: world.clock.now())
        world.clock.advance(by: Self.day * 30)
        let report = try await world.store.keepHouse(retention: Self.week)
        #expect(report.dropped.isEmpty)
        #expect(report.kept == [today.name])
        #expect(try world.revisions(try await world.publishAll()) == ["2"])
        #expect(try await world.store.keepHouse(retention: Self.week).dropped.contains(today.name))
        try await world.store.close()
    }

    @Test("A day that a subscriber has yet to read is kept, though it is published; one that is read is not")
    func keepsForSubscribers() async throws {
        let world = try await OutboxWorld.make()
        let store = world.store
        try await world.write(["1"])
        #expect(try await world.publishAll().count == 1)
        let first = try await store.lead(subscribers: ["hook"], as: "one", for: .seconds(30))
        #expect(first.answers["hook"]?.term != nil)
        try await world.write(["2", "3"])
        #expect(try await world.publishAll().count == 2)
        let today = DayPartition(.outbox, at: world.clock.now())
        world.clock.advance(by: Self.day * 30)
        // In front of the second, and then in the middle of its tick.
        for _ in 0..<2 {
            let report = try await store.keepHouse(retention: Self.week)
            #expect(report.dropped.isEmpty && report.kept == [today.name])
            let answer = try #require(try await store.lead(subscribers: ["hook"], as: "one", for: .seconds(30)).answers["hook"])
            let next = try #require(try await store.events(after: answer.cursor, limit: 1).first)
            #expect(try await store.settle(SubscriberSettlement(term: try #require(answer.term), cursor: next.cursor)))
        }
        #expect(try await store.keepHouse(retention: Self.week).dropped.contains(today.name))
        let rest = try #require(try await store.subscribers().first)
        #expect(rest.lag == 0)
        try await world.write(["4"])
        #expect(try await world.publishAll().count == 1)
        #expect(try world.revisions(try await store.events(after: rest.cursor, limit: 10)) == ["4"])
        try await store.close()
    }

    @Test("What forges delivered is forgotten after a week, whoever asks for it or not")
    func forgetsDeliveries() async throws {
        let world = try await OutboxWorld.make()
        let delivery = NewDelivery(source: "forge", name: nil, event: "push", headers: [:], size: 1, body: [0])
        _ = try await world.store.note(.first(delivery, DeliveryJudgement(.refused, reason: "r")))
        let count = "SELECT count(*) FROM deliveries"
        world.clock.advance(by: DeliveryBounds.kept)
        _ = try await world.store.keepHouse(retention: Self.week)
        #expect(try await world.store.pool.single("counting", count) { $0.first?.int64(0) } == 1)
        world.clock.advance(by: .seconds(1))
        _ = try await world.store.keepHouse(retention: Self.week)
        #expect(try await world.store.pool.single("counting", count) { $0.first?.int64(0) } == 0)
        try await world.store.close()
    }

    @Test("A day with an event in no tick is kept")
    func keepsUnticked() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        #expect(try await world.publishAll().count == 1)
        try await world.write(["2"])
        world.clock.advance(by: Self.day * 30)
        #expect(try await world.store.keepHouse(retention: Self.week).kept.count == 1)
        try await world.store.close()
    }

    @Test("Where there has never been a broker nothing waits for one; the first one gets what is kept")
    func neverPublished() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        _ = try await world.store.tick(shard: 0)
        world.clock.advance(by: Self.day * 10)
        try await world.write(["2"])
        _ = try await world.store.tick(shard: 0)
        try await world.write(["3"])
        _ = try await world.store.tick(shard: 0)
        let report = try await world.store.keepHouse(retention: Self.week)
        #expect(report.kept.isEmpty && !report.dropped.isEmpty)
        #expect(try world.revisions(try await world.store.everyEvent()) == ["2", "3"])
        try await world.store.close()
    }

    @Test("Days are made ahead, by several at once, and one that the default partition began stays there")
    func madeAhead() async throws {
        let world = try await OutboxWorld.make()
        world.clock.advance(by: Self.day * 20)
        // Nobody kept house for so long that this falls into the default partition.
        try await world.write(["1"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { _ = try await world.store.keepHouse(retention: Self.week) } }
            try await group.waitForAll()
        }
        let names = try await world.store.read("listing") { sql in
            try sql.all("SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'outbox'::regclass").map {
                $0.string(0)
            }
        }
        let today = DayPartition(.outbox, at: world.clock.now()).day
        #expect(!names.contains(DayPartition(table: .outbox, day: today).name))
        #expect((1...3).allSatisfy { names.contains(DayPartition(table: .outbox, day: today + $0).name) })
        #expect(try await world.store.everyEvent().count == 1)
        try await world.store.close()
    }
}
