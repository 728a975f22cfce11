import Domain

/// The outbox as the relay sees it (DESIGN §5): ticks, one leader a shard, a cursor that only the leader moves.
public protocol RelayStore: OutboxStore {
    /// Makes a tick when events were committed since the last one; true when it did. While somebody leads the shard this is left to the leader.
    func tick(shard: Int32) async throws -> Bool
    /// Looks after a shard: when there is something to publish, takes or renews its lease, and makes a tick when events were committed since the last one.
    ///
    /// The lease ends by the database's clock, and is not renewed while there is nothing to do: an idle deployment asks nothing.
    /// - Parameter relay: names this relay among all; it must be another after a restart.
    func lead(shard: Int32, as relay: String, for period: Duration) async throws -> ShardAnswer
    /// Gives the lease back, so that another takes over at once. Nothing happens when the term is over.
    func resign(_ term: RelayTerm) async throws
    /// Moves the cursor to the end of what was settled, and records the events that a queue refused. False, and nothing changes, when the term is over or
    /// its lease ran out: a leader that was frozen commits nothing when it wakes.
    ///
    /// - Parameter count: how many events lie between the cursor before and this one.
    func advance(_ term: RelayTerm, to cursor: EventCursor, count: Int, refused: [RefusedEvent]) async throws -> Bool
    /// How far the relay is behind.
    func relayLag(shard: Int32) async throws -> RelayLag
    /// The cursor before the first event that was committed about then or later: where to replay from.
    func cursor(at time: Timestamp, shard: Int32) async throws -> EventCursor
    /// Events that a queue refused, oldest first.
    func refusedEvents(shard: Int32, limit: Int) async throws -> [RefusedEvent]
    /// Makes coming partitions and drops old ones, never beyond what some cursor has yet to read, and forgets what else is old. What could not be dropped is
    /// told.
    func keepHouse(retention: Duration) async throws -> HousekeepingReport
}

/// What a relay is told about a shard.
public enum ShardAnswer: Hashable, Sendable {
    /// It leads; `newest` is the end of the newest tick, and `ticked` tells that it was made just now.
    case leading(RelayTerm, newest: EventCursor, ticked: Bool)
    /// Another relay leads it, for this long unless it renews its lease.
    case held(Duration)
    /// There is nothing to publish.
    case idle
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

/// An event that a queue refused on every try.
public struct RefusedEvent: Hashable, Sendable {
    public var cursor: EventCursor
    public var messageID: String
    public var routingKey: String
    public var reason: String

    public init(cursor: EventCursor, messageID: String, routingKey: String, reason: String) {
        self.cursor = cursor
        self.messageID = messageID
        self.routingKey = routingKey
        self.reason = reason
    }
}

/// How far a relay is behind.
public struct RelayLag: Hashable, Sendable {
    /// Events in ticks that are not published yet.
    public var events: Int
    /// Age of the oldest event that is not published, those that are in no tick yet included.
    public var age: Duration
    /// Events that a queue refused.
    public var refused: Int

    public init(events: Int, age: Duration, refused: Int) {
        self.events = events
        self.age = age
        self.refused = refused
    }
}

/// What housekeeping did.
public struct HousekeepingReport: Hashable, Sendable {
    public var dropped: [String]
    /// Partitions that are old enough to be dropped and hold what is not published yet.
    public var kept: [String]
    /// Partitions that are in such use that no lock could be had; the next time will do.
    public var busy: [String]

    public init(dropped: [String] = [], kept: [String] = [], busy: [String] = []) {
        self.dropped = dropped
        self.kept = kept
        self.busy = busy
    }
}
