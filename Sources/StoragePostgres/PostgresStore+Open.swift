import Domain
import Schemas
import Storage

extension PostgresStore {
    /// Connects and checks that the schema is one that this program can work with; `migrating` brings it up to date first.
    ///
    /// - Throws: `StoreError` with one line that says what to do: `unavailable` when trying again can help, `configuration` and `newerSchema` when not.
    public static func open(
        _ address: PostgresAddress, connections: Int = 8, migrating: Bool, clock: (any StoreClock)? = nil, lease: LeaseRule = LeaseRule()
    ) async throws -> PostgresStore {
        let pool = PostgresPool(address, size: connections)
        do {
            let migrator = PostgresMigrator(migrations: Schemas.postgres)
            try await pool.withConnection("looking at the database") { try migrator.checkEncoding($0, address: address.description) }
            if migrating { try await pool.withConnection("migrating") { try migrator.migrate($0) } }
            try await pool.withConnection("looking at the schema") { try migrator.check($0) }
            let identity = try await pool.transaction("reading the deployment") { try DeploymentIdentity.load($0) }
            let store = PostgresStore(pool: pool, lease: lease, clock: clock, identity: identity)
            // Before the first row that would fall into a default partition.
            if migrating { try await store.makePartitions(from: try await store.now(), days: 2) }
            return store
        } catch {
            await pool.close()
            throw error
        }
    }
}
