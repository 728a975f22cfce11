import Domain

/// Who is sent events over HTTP, and how that stands. The secrets of it are nowhere.
public struct SubscriberDocument: Hashable, Sendable, Encodable {
    public enum State: String, Hashable, Sendable, Encodable, CaseIterable {
        case healthy
        /// Its last try failed.
        case failing
        /// No process has sent to it yet.
        case new
    }

    public var name: String
    public var kind: String
    /// Without what stands behind a question mark.
    public var url: String
    public var keys: [String]
    public var state: State
    public var failingSince: Timestamp?
    public var error: String?
    /// How many are set aside.
    public var waiting: Int
    public var lag: Int
    public var lagSeconds: Double
    public var sent: Int64
    public var failed: Int64
    public var givenUp: Int64
    public var lastSent: Timestamp?
    public var lastFailed: Timestamp?
    public var cursor: String?

    public init(
        name: String, kind: String, url: String, keys: [String], state: State, failingSince: Timestamp? = nil, error: String? = nil, waiting: Int = 0,
        lag: Int = 0, lagSeconds: Double = 0, sent: Int64 = 0, failed: Int64 = 0, givenUp: Int64 = 0, lastSent: Timestamp? = nil,
        lastFailed: Timestamp? = nil, cursor: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.url = url
        self.keys = keys
        self.state = state
        self.failingSince = failingSince
        self.error = error
        self.waiting = waiting
        self.lag = lag
        self.lagSeconds = lagSeconds
        self.sent = sent
        self.failed = failed
        self.givenUp = givenUp
        self.lastSent = lastSent
        self.lastFailed = lastFailed
        self.cursor = cursor
    }

    private enum CodingKeys: String, CodingKey {
        case name, kind, url, keys, state, error, waiting, lag, sent, failed, cursor
        case failingSince = "failing_since"
        case lagSeconds = "lag_seconds"
        case givenUp = "given_up"
        case lastSent = "last_sent"
        case lastFailed = "last_failed"
    }
}

/// One event on its way to a subscriber.
public struct SendingDocument: Hashable, Sendable, Encodable {
    public var id: SendingID
    /// The message's id, which is the same each time.
    public var message: String
    public var event: EventKind
    public var entity: EventEnvelope.Entity
    public var routingKey: String
    public var occurred: Timestamp
    public var outcome: SendingOutcome
    public var attempts: Int
    public var first: Timestamp
    public var last: Timestamp
    public var next: Timestamp?
    public var status: Int?
    public var reason: String?

    public init(
        id: SendingID, message: String, event: EventKind, entity: EventEnvelope.Entity, routingKey: String, occurred: Timestamp,
        outcome: SendingOutcome, attempts: Int, first: Timestamp, last: Timestamp, next: Timestamp?, status: Int?, reason: String?
    ) {
        self.id = id
        self.message = message
        self.event = event
        self.entity = entity
        self.routingKey = routingKey
        self.occurred = occurred
        self.outcome = outcome
        self.attempts = attempts
        self.first = first
        self.last = last
        self.next = next
        self.status = status
        self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
        case id, message, event, entity, occurred, outcome, attempts, first, last, next, status, reason
        case routingKey = "routing_key"
    }
}
