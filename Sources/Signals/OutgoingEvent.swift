/// One message for a broker, with the properties of DESIGN §6. What is the same for all (content type, delivery mode, `app_id`) the publisher adds.
public struct OutgoingEvent: Hashable, Sendable {
    public var exchange: ExchangeRole
    /// Goes to this queue alone, and is refused when there is none, instead of to whoever is bound: for a replay.
    public var queue: String?
    /// At most 255 bytes, the limit of the protocol.
    public var routingKey: String
    /// A UUID that is fixed when the event is written, so that a consumer knows a repeat.
    public var messageID: String
    /// For example `build.finished.v1`.
    public var type: String
    /// Whole seconds since 1970, which is all that the property can hold.
    public var timestamp: UInt64
    /// The chain.
    public var correlationID: String?
    /// `cloudEvents_*` and `traceparent`, in this order.
    public var headers: [Header]
    /// JSON in UTF-8.
    public var body: [UInt8]

    public struct Header: Hashable, Sendable {
        public var name: String
        public var value: Value

        public enum Value: Hashable, Sendable {
            case text(String)
            case number(Int64)
            case flag
        }

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = .text(value)
        }

        public init(_ name: String, _ value: Int64) {
            self.name = name
            self.value = .number(value)
        }

        /// One that is true by being there.
        public init(flag name: String) {
            self.name = name
            value = .flag
        }
    }

    public init(
        exchange: ExchangeRole = .events, queue: String? = nil, routingKey: String, messageID: String, type: String, timestamp: UInt64,
        correlationID: String? = nil,
        headers: [Header] = [], body: [UInt8]
    ) {
        self.exchange = exchange
        self.queue = queue
        self.routingKey = routingKey
        self.messageID = messageID
        self.type = type
        self.timestamp = timestamp
        self.correlationID = correlationID
        self.headers = headers
        self.body = body
    }
}
