import Domain
import Storage
import StoreConformance
import Testing

@testable import StoragePostgres

/// Reading by ticks (DESIGN §5).
@Suite(.takingTurns) struct TickTests {
    @Test("Pages of any size give the same events, whether a tick is read whole or in pieces", arguments: [1, 2, 3, 7, 30, 100])
    func pages(limit: Int) async throws {
        let world = try await OutboxWorld.make()
        let names = (1...60).map(String.init)
        // One large tick, and small ones around it.
        for group in [names[0..<2], names[2..<50], names[50..<51], names[51..<60]] {
            try await world.write(Array(group))
            #expect(try await world.store.tick(shard: 0))
        }
        var cursor = try await world.store.oldestCursor()
        var all: [EventRecord] = []
        while true {
            let page = try await world.store.events(after: cursor, limit: limit)
            all += page
            // Fewer than asked for is the end, so only the last page may have fewer.
            guard page.count == limit, let last = page.last else { break }
            cursor = last.cursor
        }
        #expect(try world.revisions(all) == names)
        try await world.store.close()
    }

    @Test("A tick is made only when something was committed since the last")
    func ticksWhenDue() async throws {
        let world = try await OutboxWorld.make()
        #expect(try await !world.store.tick(shard: 0))
        try await world.write(["1"])
        #expect(try await world.store.tick(shard: 0))
        #expect(try await !world.store.tick(shard: 0))
        try await world.store.close()
    }

    @Test("What commits late is in the next tick, though its number is lower")
    func lateCommit() async throws {
        let world = try await OutboxWorld.make()
        let pool = PostgresPool(world.address, size: 1)
        // A transaction that has its event and stays open while the others commit and are ticked.
        try await pool.transaction("writing slowly") { sql in
            try sql.run(
                """
                INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
                SELECT gen_random_uuid()::text, 'build.finished', 'build', 1, 1, 'k', '{}', '{}', \(PostgresStore.clock)
                """)
            let other = try PostgresConnection(world.address)
            _ = try other.run([
                .init(
                    """
                    INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
                    SELECT gen_random_uuid()::text, 'build.finished', 'build', 2, 1, 'k', '{}', '{}', \(PostgresStore.clock)
                    """)
            ])
            let seen = try other.run([.init("SELECT count(*) FROM outbox")])[0].rows.first?.int64(0)
            #expect(seen == 1)
            // The tick as the store makes it, on the other connection.
            let tick = PostgresTransaction(other, beginning: [.init("BEGIN")], isNumbered: false)
            #expect(try ShardState.read(tick, 0, locked: true, clock: nil)?.makeTick(tick) != nil)
            try tick.commit()
        }
        // Whoever measures sees that something waits, though everything that is in a tick is published.
        try await pool.transaction("publishing the tick") {
            _ = try $0.run("UPDATE shards SET relayed_tick = tick, relayed_seq = tick_end, relayed_count = counted")
        }
        world.clock.advance(by: .seconds(100 * 365 * 86_400))
        #expect(try await world.store.relayLag(shard: 0).age > .zero)
        let records = try await world.store.everyEvent(isInvented: true)
        #expect(records.map(\.entityID) == [2, 1])
        try await pool.transaction("publishing the other") {
            _ = try $0.run("UPDATE shards SET relayed_tick = tick, relayed_seq = tick_end, relayed_count = counted")
        }
        #expect(try await world.store.relayLag(shard: 0).age == .zero)
        #expect(records[0].cursor.sequence > records[1].cursor.sequence)
        #expect(records[0].cursor < records[1].cursor)
        await pool.close()
        try await world.store.close()
    }

    @Test("Readers make ticks where nobody leads, and leave them to a leader")
    func readersAndLeaders() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        let start = try await world.store.oldestCursor()
        #expect(try await world.store.events(after: start, limit: 10).count == 1)
        try await world.write(["2"])
        _ = try await world.term("a")
        try await world.write(["3"])
        #expect(try await world.store.events(after: start, limit: 10).count == 2)
        world.clock.advance(by: OutboxWorld.lease)
        #expect(try await world.store.events(after: start, limit: 10).count == 3)
        try await world.store.close()
    }

    @Test("A time leads to a cursor before everything that came then or later")
    func replayFromATime() async throws {
        let world = try await OutboxWorld.make()
        var times: [Timestamp] = []
        for name in ["1", "2", "3"] {
            world.clock.advance(by: .seconds(60))
            times.append(world.clock.now())
            try await world.write([name])
            _ = try await world.store.tick(shard: 0)
        }
        for (place, time) in times.enumerated() {
            let cursor = try await world.store.cursor(at: time, shard: 0)
            #expect(try world.revisions(try await world.store.events(after: cursor, limit: 10)) == Array(["1", "2", "3"][place...]))
        }
        let future = try await world.store.cursor(at: times[2].advanced(by: .seconds(1)), shard: 0)
        #expect(try await world.store.events(after: future, limit: 10).isEmpty)
        try await world.store.close()
    }
}
