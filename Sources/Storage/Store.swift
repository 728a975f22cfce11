import Domain

/// The durable state, in the words of the domain. Every method is one transaction: all of it happened, or none.
///
/// A method returns after its transaction has committed, so what it returns may be told to anybody. Methods that decide something take the
/// decision as a pure, synchronous function: no network call can sit inside a transaction. Each implementation passes `StoreConformance`.
public protocol Store:
    ChangeStore, SourceStore, ConfigurationStore, SchedulingStore, SessionStore, DispatchStore, LogStore, ControlStore, SweepStore, OutboxStore,
    QueryStore, ServiceStore, DeliveryStore, RemovalStore, DeadlineStore, TriggerStore, SecretStore, TryStore, TokenStore, AuditStore, OutgoingStore,
    Sendable
{
    /// The random UUID that this deployment's data was made with.
    var deployment: String { get }
    /// Raised when published state was rewound; part of every event and cursor.
    var epoch: Int64 { get }
    /// The store's own clock, by which leases end and quiet times fire.
    func now() async throws -> Timestamp
    /// Ends open work in the background and closes files or connections.
    func close() async throws
}

/// Why the store refused; each with a text that a stranger can act on.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database was made by a newer version.
    case newerSchema(found: Int, known: Int)
    /// It cannot be reached, is locked, or its disk is full: try again later.
    case unavailable(String)
    /// Another process uses the same data directory.
    case inUse(String)
    case notFound(String)
    /// What was asked contradicts what is there.
    case conflict(String)
    /// What was configured cannot work: trying again will not help.
    case configuration(String)
    case internalError(String)

    public var description: String {
        switch self {
        case .newerSchema(let found, let known):
            "the database has schema \(found), this program knows \(known): run the version that made it, or a newer one"
        case .unavailable(let text), .inUse(let text), .notFound(let text), .conflict(let text), .configuration(let text), .internalError(let text):
            text
        }
    }
}
