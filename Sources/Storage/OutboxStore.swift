import Domain

public protocol OutboxStore: Sendable {
    /// Events after the cursor, oldest first, at most `limit`.
    func events(after cursor: EventCursor, limit: Int) async throws -> [EventRecord]
    /// The cursor behind the newest event.
    func latestCursor() async throws -> EventCursor
    /// The cursor before the oldest event that is kept.
    func oldestCursor() async throws -> EventCursor
    /// True: what has been committed can be read. False: only after the next tick, and whoever makes it rings `events`.
    var showsEventsAtOnce: Bool { get }
    /// Calls `wake` after each transaction of this process that wrote events. It must return at once.
    func onEvents(_ wake: @escaping @Sendable () -> Void)
}

/// A place in the events: opaque to consumers (DESIGN §5, "Every cursor is a tick").
public struct EventCursor: Hashable, Sendable, CustomStringConvertible {
    public var epoch: Int64
    public var shard: Int32
    public var tick: Int64
    public var sequence: Int64

    public init(epoch: Int64, shard: Int32 = 0, tick: Int64, sequence: Int64) {
        self.epoch = epoch
        self.shard = shard
        self.tick = tick
        self.sequence = sequence
    }

    public var description: String { "\(epoch)-\(shard)-\(tick)-\(sequence)" }

    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, text.utf8.count <= 80, let epoch = Int64(parts[0]), let shard = Int32(parts[1]), let tick = Int64(parts[2]),
            let sequence = Int64(parts[3]), epoch >= 0, shard >= 0, tick >= 0, sequence >= 0
        else { return nil }
        self.init(epoch: epoch, shard: shard, tick: tick, sequence: sequence)
    }
}

/// A committed event as it lies in the outbox.
public struct EventRecord: Hashable, Sendable {
    public var cursor: EventCursor
    public var messageID: String
    public var kind: EventKind
    public var entity: EntityKind
    public var entityID: Int64
    /// Contiguous per entity, from 1.
    public var entityVersion: Int64
    public var routingKey: String
    public var occurred: Timestamp
    /// JSON of `EventChain`.
    public var chain: String
    /// JSON of the fact.
    public var data: String

    public init(
        cursor: EventCursor, messageID: String, kind: EventKind, entity: EntityKind, entityID: Int64, entityVersion: Int64, routingKey: String,
        occurred: Timestamp, chain: String, data: String
    ) {
        self.cursor = cursor
        self.messageID = messageID
        self.kind = kind
        self.entity = entity
        self.entityID = entityID
        self.entityVersion = entityVersion
        self.routingKey = routingKey
        self.occurred = occurred
        self.chain = chain
        self.data = data
    }
}
