import Domain

/// The outbox as the relay sees it: ticks, one leader a shard, a cursor that only the leader moves.
public protocol RelayStore: OutboxStore {
    /// Takes or renews the lease of a shard. Nil while another relay holds it. A new leader gets a new term; everything it writes presents it.
    func lead(shard: Int32, as relay: String, for period: Duration) async throws -> RelayTerm?
    /// Gives the lease back, so that another takes over at once.
    func resign(shard: Int32, as relay: String) async throws
    /// Makes a tick when events were committed since the last one; true when it did.
    func tick(shard: Int32) async throws -> Bool
    /// Moves the cursor to the end of what was settled, and records the events that a queue refused. False, and nothing changes, when the term is over: a
    /// leader that was frozen commits nothing when it wakes.
    func advance(_ term: RelayTerm, to cursor: EventCursor, refused: [RefusedEvent]) async throws -> Bool
    /// How far the relay is behind.
    func relayLag(shard: Int32) async throws -> RelayLag
    /// Makes coming partitions and drops old ones, never beyond what some cursor has yet to read. What could not be dropped is told.
    func keepHouse(retention: Duration) async throws -> HousekeepingReport
}

/// One relay's leadership of one shard.
public struct RelayTerm: Hashable, Sendable {
    public var shard: Int32
    public var relay: String
    /// Grows with every change of leader.
    public var number: Int64
    /// Everything up to here is published.
    public var cursor: EventCursor

    public init(shard: Int32, relay: String, number: Int64, cursor: EventCursor) {
        self.shard = shard
        self.relay = relay
        self.number = number
        self.cursor = cursor
    }
}

public struct RefusedEvent: Hashable, Sendable {
    public var event: EventRecord
    public var reason: String

    public init(event: EventRecord, reason: String) {
        self.event = event
        self.reason = reason
    }
}

public struct RelayLag: Hashable, Sendable {
    /// Events that are committed and not yet published; counted up to a bound.
    public var events: Int
    /// Age of the oldest of them.
    public var age: Duration
    public var refused: Int

    public init(events: Int, age: Duration, refused: Int) {
        self.events = events
        self.age = age
        self.refused = refused
    }
}

public struct HousekeepingReport: Hashable, Sendable {
    public var dropped: [String]
    /// Partitions that are old enough to be dropped and hold what is not published yet.
    public var kept: [String]

    public init(dropped: [String], kept: [String]) {
        self.dropped = dropped
        self.kept = kept
    }
}
