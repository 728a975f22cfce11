import Domain
import Storage
import Synchronization

/// The store of many processes: PostgreSQL. Everything that a process keeps in memory of it is either unchanging or a hint.
public final class PostgresStore: Sendable {
    public let deployment: String
    let identity: Mutex<DeploymentIdentity>
    let pool: PostgresPool
    let lease: LeaseRule
    /// A test's clock; nil: the database's own.
    let manualClock: (any StoreClock)?
    let contexts = BuildsetContextCache()
    let recipes = RecipeCache()
    let matchClasses = MatchClassCache()
    let applied = Mutex<AppliedConfiguration?>(nil)
    let digests = LogDigests()
    private let wakes = Mutex<[@Sendable () -> Void]>([])
    private let closed = Atomic<Bool>(false)

    /// Raised when published state was rewound by a restore or a promotion.
    public var epoch: Int64 { identity.withLock { $0.epoch } }

    init(pool: PostgresPool, lease: LeaseRule, clock: (any StoreClock)?, identity: DeploymentIdentity) {
        self.pool = pool
        self.lease = lease
        manualClock = clock
        deployment = identity.id
        self.identity = Mutex(identity)
    }

    /// Connections, statements and round trips so far.
    public var statistics: PostgresStatistics { pool.statistics }

    /// Calls back, from any thread, when the database was away and is back.
    public func onReconnect(_ told: @escaping @Sendable () -> Void) { pool.onReconnect(told) }

    public var showsEventsAtOnce: Bool { false }

    public func onEvents(_ wake: @escaping @Sendable () -> Void) {
        wakes.withLock { $0.append(wake) }
    }

    public func close() async throws {
        guard !closed.exchange(true, ordering: .sequentiallyConsistent) else { return }
        await pool.close()
    }

    /// Runs one transaction; when this returns it is durable, and whoever waits here for events has been woken.
    @discardableResult
    func write<T: Sendable>(_ doing: String, _ body: @escaping @Sendable (PostgresStoreTransaction) throws -> T) async throws -> T {
        let (value, wroteEvents) = try await pool.transaction(doing) { [self] transaction in
            let tx = PostgresStoreTransaction(transaction, store: self)
            let value = try body(tx)
            try tx.insertEvents()
            transaction.whenCommitted { tx.didCommit() }
            return (value, !tx.events.isEmpty)
        }
        if wroteEvents {
            for wake in wakes.withLock({ $0 }) { wake() }
        }
        return value
    }

    /// Runs reads that see one moment of the database.
    func read<T: Sendable>(_ doing: String, _ body: @escaping @Sendable (PostgresTransaction) throws -> T) async throws -> T {
        try await pool.read(doing, body)
    }

    /// What a statement is given for the clock: null when it is to take the database's own.
    var clockArgument: PostgresValue { .integer(manualClock?.now().microseconds) }

    /// The database's clock.
    public func now() async throws -> Timestamp {
        if let manualClock { return manualClock.now() }
        return try await pool.single("reading the clock", "SELECT \(Self.clock)") { rows in
            guard let row = rows.first else { throw StoreError.internalError("the clock had no answer") }
            return row.time(0)
        }
    }

    /// The time in microseconds, as every statement that asks for it spells it.
    static let clock = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
}
