import Domain
import GRDB
import Storage
import TestSupport
import Testing

@testable import StorageSQLite

@Suite struct DeliveryTests {
    @Test("What is a week old leaves the file with the next delivery of any source")
    func forgets() async throws {
        let directory = TemporaryDirectory()
        let clock = ManualStoreClock()
        let store = try await SQLiteStore.open(directory: directory.path, clock: clock)
        for source in ["forge", "other"] {
            let delivery = NewDelivery(source: source, name: nil, event: "push", headers: [:], size: 1, body: [0])
            _ = try await store.note(.first(delivery, DeliveryJudgement(.refused, reason: "r")))
            clock.advance(by: DeliveryBounds.kept + .seconds(1))
        }
        let sources = try await store.read("looking") { try String.fetchAll($0, sql: "SELECT source FROM deliveries") }
        #expect(sources == ["other"])
        try await store.close()
    }
}
