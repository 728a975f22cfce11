import Domain

/// An event as consumers see it (DESIGN §6).
public struct EventEnvelope: Hashable, Sendable, Codable {
    public struct Entity: Hashable, Sendable, Codable {
        public var kind: EntityKind
        public var id: Int64
        public var version: Int64

        public init(kind: EntityKind, id: Int64, version: Int64) {
            self.kind = kind
            self.id = id
            self.version = version
        }
    }
    public struct Links: Hashable, Sendable, Codable {
        /// The API document of the entity, relative to the server.
        public var document: String

        public init(document: String) {
            self.document = document
        }

        private enum CodingKeys: String, CodingKey {
            case document = "self"
        }
    }

    public var version: Int
    public var event: EventKind
    /// The message id: equal for every delivery of this event.
    public var id: String
    public var sequence: Int64
    public var time: Timestamp
    public var entity: Entity
    public var epoch: Int64
    public var chain: EventChain
    public var data: JSONValue
    public var links: Links

    public init(
        event: EventKind, id: String, sequence: Int64, time: Timestamp, entity: Entity, epoch: Int64, chain: EventChain, data: JSONValue,
        links: Links
    ) {
        self.version = 1
        self.event = event
        self.id = id
        self.sequence = sequence
        self.time = time
        self.entity = entity
        self.epoch = epoch
        self.chain = chain
        self.data = data
        self.links = links
    }
}
