import Domain
import ServerSupport
import Storage
import StoreConformance
import TestSupport

@testable import StoragePostgres

/// A store in a database of its own, with a clock that stands still.
struct OutboxWorld {
    let url: String
    let address: PostgresAddress
    let store: PostgresStore
    let clock: ManualStoreClock

    static let lease: Duration = .seconds(5)

    static func make(on server: PrivatePostgres? = nil) async throws -> OutboxWorld {
        let shared = try await PrivatePostgres.shared()
        return try await open(try await (server ?? shared).newDatabase())
    }

    static func open(_ url: String, clock: ManualStoreClock = ManualStoreClock(), migrating: Bool = true) async throws -> OutboxWorld {
        let address = try PostgresAddress(url)
        return OutboxWorld(
            url: url, address: address, store: try await PostgresStore.open(address, connections: 4, migrating: migrating, clock: clock), clock: clock
        )
    }

    /// Each change is an event.
    func write(_ names: [String]) async throws {
        _ = try await store.accept(names.map { Samples.change($0) }, advancing: nil)
    }

    func revisions(_ records: [EventRecord]) throws -> [String] {
        try records.filter { $0.kind == .changeReceived }.map { try $0.fact(ChangeFact.self).revision }
    }

    func lead(_ relay: String) async throws -> ShardAnswer { try await store.lead(shard: 0, as: relay, for: Self.lease) }

    func term(_ relay: String) async throws -> RelayTerm {
        guard case .leading(let term, _, _) = try await lead(relay) else { throw NotLeading() }
        return term
    }

    /// Publishes everything, as a relay whose broker takes it all.
    func publishAll(_ relay: String = "relay") async throws -> [EventRecord] {
        var published: [EventRecord] = []
        while case .leading(let term, _, _) = try await lead(relay) {
            let records = try await store.events(after: term.cursor, limit: 1000)
            guard let last = records.last, try await store.advance(term, to: last.cursor, count: records.count, refused: []) else { break }
            published += records
        }
        return published
    }

    struct NotLeading: Error {}
}
