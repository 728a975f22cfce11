import Domain
import Storage
import StoreConformance
import Testing

@testable import StoragePostgres

/// One leader a shard, and a cursor that only it moves (DESIGN §5).
@Suite(.takingTurns) struct LeadershipTests {
    @Test("While one leads, the others are told for how long, and nothing that they present is taken")
    func oneLeader() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1", "2"])
        let term = try await world.term("a")
        #expect(try await world.lead("b") == .held(OutboxWorld.lease))
        let last = try #require(try await world.store.events(after: term.cursor, limit: 10).last)
        var forged = term
        forged.relay = "b"
        #expect(try await !world.store.advance(forged, to: last.cursor, count: 2, refused: []))
        #expect(try await world.store.advance(term, to: last.cursor, count: 2, refused: []))
        #expect(try await world.lead("a") == .idle)
        try await world.store.close()
    }

    @Test("A leader that was frozen commits nothing when it wakes, even when nobody took over", arguments: [true, false])
    func frozen(isTakenOver: Bool) async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        let old = try await world.term("a")
        let last = try #require(try await world.store.events(after: old.cursor, limit: 10).last)
        world.clock.advance(by: OutboxWorld.lease)
        if isTakenOver { #expect(try await world.term("b").number > old.number) }
        let event = RefusedEvent(cursor: last.cursor, messageID: last.messageID, routingKey: last.routingKey, reason: "full")
        #expect(try await !world.store.advance(old, to: last.cursor, count: 1, refused: [event]))
        #expect(try await world.store.refusedEvents(shard: 0, limit: 10).isEmpty)
        #expect(try await world.store.relayLag(shard: 0).events == 1)
        try await world.store.close()
    }

    @Test("A term that ran out is another one afterwards, though the relay is the same")
    func ranOut() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        let first = try await world.term("a")
        #expect(try await world.term("a").number == first.number)
        world.clock.advance(by: OutboxWorld.lease)
        #expect(try await world.term("a").number > first.number)
        try await world.store.close()
    }

    @Test("Whoever resigns makes room at once; a resignation that comes late changes nothing")
    func resigns() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        let first = try await world.term("a")
        try await world.store.resign(first)
        let second = try await world.term("b")
        try await world.store.resign(first)
        #expect(try await world.lead("a") == .held(OutboxWorld.lease))
        #expect(try await world.term("b") == second)
        try await world.store.close()
    }

    @Test("The cursor never moves back")
    func neverBack() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1", "2"])
        let term = try await world.term("a")
        let records = try await world.store.events(after: term.cursor, limit: 10)
        #expect(try await world.store.advance(term, to: records[1].cursor, count: 2, refused: []))
        #expect(try await !world.store.advance(term, to: records[0].cursor, count: 1, refused: []))
        try await world.store.close()
    }

    @Test("Refused events are on record, once, and the lag counts what is not published")
    func refusedAndLag() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1", "2", "3"])
        let term = try await world.term("a")
        world.clock.advance(by: .seconds(2))
        #expect(try await world.store.relayLag(shard: 0) == RelayLag(events: 3, age: .seconds(2), refused: 0))
        let records = try await world.store.events(after: term.cursor, limit: 10)
        let refused = RefusedEvent(
            cursor: records[0].cursor, messageID: records[0].messageID, routingKey: records[0].routingKey, reason: "reject-publish")
        #expect(try await world.store.advance(term, to: records[1].cursor, count: 2, refused: [refused]))
        #expect(try await world.store.relayLag(shard: 0) == RelayLag(events: 1, age: .seconds(2), refused: 1))
        #expect(try await world.store.refusedEvents(shard: 0, limit: 10) == [refused])
        #expect(try await world.store.advance(term, to: records[2].cursor, count: 1, refused: []))
        #expect(try await world.store.relayLag(shard: 0) == RelayLag(events: 0, age: .zero, refused: 1))
        try await world.store.close()
    }

    @Test("Of many relays that ask at the same moment one leads")
    func race() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        let answers = try await withThrowingTaskGroup(of: ShardAnswer.self) { group in
            for number in 0..<8 { group.addTask { try await world.lead("relay-\(number)") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { if case .leading = $0 { true } else { false } } == 1)
        #expect(answers.count { if case .held = $0 { true } else { false } } == 7)
        try await world.store.close()
    }
}
