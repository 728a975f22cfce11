import Domain
import Foundation
import ServerSupport
import Storage
import StoreConformance
import TestSupport

@testable import StoragePostgres

/// One database on the real server, and the stores of several processes that share it.
struct SharedDatabase {
    let address: PostgresAddress
    let clock: ManualStoreClock?

    /// - Parameter clock: nil for the database's own.
    static func make(clock: ManualStoreClock? = nil) async throws -> SharedDatabase {
        let address = try PostgresAddress(try await PrivatePostgres.shared().newDatabase())
        return SharedDatabase(address: address, clock: clock)
    }

    /// The store of one more process.
    func process(connections: Int = 4) async throws -> PostgresStore {
        let store = try await PostgresStore.open(address, connections: connections, migrating: true, clock: clock)
        Opened.add { try? await store.close() }
        return store
    }

    /// The stores of several processes; a configuration is in force.
    func processes(_ count: Int, _ configuration: Configuration = Samples.configuration()) async throws -> [PostgresStore] {
        var stores: [PostgresStore] = []
        for _ in 0..<count { stores.append(try await process()) }
        _ = try await stores[0].apply(configuration, digest: Samples.digest(1))
        return stores
    }
}

extension PostgresStore {
    /// Returns once some session of this database waits for a lock that another holds.
    func untilSomebodyWaits() async throws {
        while try await !read(
            "looking who waits",
            {
                try $0.first("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')")?.bool(
                    0)
                    ?? false
            })
        {
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// A transaction that has done its work and stands still before its commit, holding its locks, until a test lets it go on.
final class HeldTransaction<T: Sendable>: Sendable {
    private let end = Gate(2)
    private let task: Task<T, any Error>

    init(_ store: PostgresStore, _ body: @escaping @Sendable (PostgresStoreTransaction) throws -> T) async throws {
        let done = Flag()
        task = Task { [end] in
            defer { done.raise() }
            return try await store.write("holding a transaction") { tx in
                let value = try body(tx)
                // What waits for the next round trip is sent, too.
                try tx.sql.run("SELECT 1")
                done.raise()
                end.meet()
                return value
            }
        }
        await done.wait()
    }

    /// Lets it commit; gives what it did.
    func commit() async throws -> T {
        // On a thread of its own: meeting blocks.
        Thread.detachNewThread { [end] in end.meet() }
        return try await task.value
    }
}
