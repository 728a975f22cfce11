import Domain
import ServerSupport
import Storage
import StoreConformance
import Testing

@testable import StoragePostgres

@Suite(.timeLimit(.minutes(10)), .takingTurns) struct DeliveryTests {
    private static let delivery = NewDelivery(
        source: "forge", name: "d-1", event: "push", headers: ["x-github-event": "push"], size: 1000, body: [UInt8](repeating: 0x20, count: 1000))

    @Test("The record of an accepted delivery costs no round trip beyond those of its changes")
    func roundTrips() async throws {
        let store = try await SharedDatabase.make().process(connections: 1)
        let accepted = DeliveryJudgement(.accepted, changes: 1)
        // What is prepared once is no part of it.
        _ = try await store.accept([Samples.change("0", key: "0")], noting: .first(Self.delivery, accepted))
        let start = store.statistics.roundTrips
        _ = try await store.accept([Samples.change("1", key: "1")], advancing: nil)
        let without = store.statistics.roundTrips - start
        _ = try await store.accept([Samples.change("2", key: "2")], noting: .first(Self.delivery, accepted))
        #expect(store.statistics.roundTrips - start == without * 2)
        #expect(try await store.deliveries(PageQuery(DeliveryFields())).count == 2)
    }

    @Test("One delivery of a source waits for another's place, and deliveries of other sources wait for neither")
    func places() async throws {
        let database = try await SharedDatabase.make()
        let store = try await database.process()
        let ignored = DeliveryJudgement(.ignored, reason: "r")
        let held = try await HeldTransaction(store) { tx in
            _ = try tx.sql.pipeline(try tx.statements(.first(Self.delivery, ignored)))
        }
        var other = Self.delivery
        other.source = "other"
        _ = try await store.note(.first(other, ignored))
        async let second = store.note(.first(Self.delivery, ignored))
        try await store.untilSomebodyWaits()
        try await held.commit()
        _ = try await second
        let places = try await store.read("reading places") { sql in
            try sql.all("SELECT place FROM deliveries WHERE source = 'forge' ORDER BY id").map { $0.int64(0) }
        }
        #expect(places == [1, 2])
    }
}
