import Domain
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

/// What many dispatchers know together of workers and outages.
@Suite(.timeLimit(.minutes(10)), .takingTurns) struct ServiceTests {
    private static func beat(_ store: PostgresStore, _ name: String, hearing: [SessionID] = []) async throws -> Timestamp {
        let beat = ServiceBeat(
            incarnation: "\(name)-incarnation", kind: "dispatcher", name: name, version: "1.0", address: "http://\(name)", dispatches: true,
            sessions: hearing)
        return try #require(try await store.beat(beat).reachableSince)
    }

    @Test("A worker that any dispatcher hears is silent for none, and one that nobody hears is silent for all after a lease")
    func silence() async throws {
        let clock = ManualStoreClock()
        let stores = try await SharedDatabase.make(clock: clock).processes(2)
        let session = try await WorkerDouble(stores[0]).session
        var since = try await Self.beat(stores[0], "d0")
        for _ in 0..<5 {
            clock.advance(by: .seconds(10))
            since = try await Self.beat(stores[0], "d0")
            _ = try await Self.beat(stores[1], "d1", hearing: [session.id])
        }
        #expect(try await stores[0].silentSessions(reachableSince: since) == [])
        for _ in 0..<3 {
            clock.advance(by: .seconds(10))
            since = try await Self.beat(stores[1], "d1")
        }
        #expect(try await stores[0].silentSessions(reachableSince: since) == [session])
        #expect(try await stores[1].silentSessions(reachableSince: since) == [session])
    }

    @Test("An outage of all dispatchers extends every lease, and one dispatcher that stays keeps them running")
    func outage() async throws {
        let clock = ManualStoreClock()
        let stores = try await SharedDatabase.make(clock: clock).processes(2)
        _ = try await stores[0].force(Samples.force(), idempotency: nil)
        let worker = try await WorkerDouble(stores[0])
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        _ = try await Self.beat(stores[0], "d0")
        clock.advance(by: .seconds(120))
        var since = try await Self.beat(stores[1], "d1")
        #expect(since == clock.now())
        #expect(try await stores[1].expireLeases(reachableSince: since, limit: 10).lost.isEmpty)
        #expect(try await stores[1].silentSessions(reachableSince: since) == [])
        for _ in 0..<3 {
            clock.advance(by: .seconds(10))
            since = try await Self.beat(stores[0], "d0")
        }
        #expect(try await stores[0].expireLeases(reachableSince: since, limit: 10).lost.map(\.build) == [build.build])
    }

    @Test("A heartbeat and what a sweep asks are one statement, and so is a sweep alone")
    func statements() async throws {
        let store = try await SharedDatabase.make().processes(1)[0]
        let session = try await WorkerDouble(store).session
        let before = store.statistics.statements
        _ = try await Self.beat(store, "d0", hearing: [session.id])
        #expect(store.statistics.statements == before + 1)
        _ = try await store.openWork()
        #expect(store.statistics.statements == before + 2)
    }

    @Test("Services are listed with their silence until they say goodbye or are forgotten")
    func registry() async throws {
        let clock = ManualStoreClock()
        let store = try await SharedDatabase.make(clock: clock).processes(1)[0]
        _ = try await Self.beat(store, "d0")
        clock.advance(by: .seconds(5))
        _ = try await Self.beat(store, "d1")
        #expect(try await store.services().map(\.name) == ["d0", "d1"])
        #expect(try await store.services().map(\.silence) == [.seconds(5), .zero])
        try await store.endService("d1-incarnation")
        #expect(try await store.services().map(\.name) == ["d0"])
        clock.advance(by: .seconds(5))
        try await store.forgetServices(silentFor: .seconds(9))
        #expect(try await store.services().isEmpty)
    }
}
