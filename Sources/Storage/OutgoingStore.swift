import Domain

/// What is sent to subscribers over HTTP: how far each is, who sends to it, and what was set aside.
///
/// One process leads a subscriber, by a lease that ends by the store's clock; whatever is written about it presents the leader's term. A leader that was
/// frozen commits nothing when it wakes.
public protocol OutgoingStore: Sendable {
    /// Takes or renews the leases of these subscribers, those that nobody else holds. One that is not known yet begins behind the newest event.
    ///
    /// - Parameter owner: names this process among all; it must be another after a restart.
    func lead(subscribers: [String], as owner: String, for period: Duration) async throws -> SubscriberAnswers
    /// Gives leases back, so that others take over at once. Nothing happens to those that are over.
    func resign(_ terms: [SubscriberTerm]) async throws
    /// What is set aside of a subscriber, in the order of the events.
    func waitingSendings(of subscriber: String) async throws -> [Sending]
    /// Moves a subscriber's cursor and writes what became of its events, at once. False, and nothing changes, when the term is over or its lease ran out.
    func settle(_ settlement: SubscriberSettlement) async throws -> Bool
    /// All subscribers, by name.
    func subscribers() async throws -> [SubscriberRow]
    func sendings(_ query: PageQuery<SendingFields>) async throws -> [SendingRow]
    /// Has the leader send it once more, whatever became of it. False when there is none of that number.
    func sendAgain(_ id: SendingID, to subscriber: String, audit: AuditNote?) async throws -> Bool
    /// Forgets subscribers other than these that nobody led for that long, and sendings that are older than they are kept. Gives the names of the forgotten.
    func forgetSubscribers(except names: [String], idleFor period: Duration) async throws -> [String]
}

extension OutgoingStore {
    public func sendAgain(_ id: SendingID, to subscriber: String) async throws -> Bool { try await sendAgain(id, to: subscriber, audit: nil) }
}

/// How much is kept of what was sent.
public enum SendingBounds {
    public static let kept: Duration = .seconds(7 * 86_400)
    /// Of one subscriber, besides what waits.
    public static let most: Int64 = 2000
}

/// One process's leadership of one subscriber.
public struct SubscriberTerm: Hashable, Sendable {
    public var subscriber: String
    public var owner: String
    /// Grows with every change of leader.
    public var number: Int64

    public init(subscriber: String, owner: String, number: Int64) {
        self.subscriber = subscriber
        self.owner = owner
        self.number = number
    }
}

/// How some subscribers stand.
public struct SubscriberAnswers: Hashable, Sendable {
    /// By the store's clock.
    public var now: Timestamp
    public var answers: [String: SubscriberAnswer]

    public init(now: Timestamp, answers: [String: SubscriberAnswer]) {
        self.now = now
        self.answers = answers
    }
}

public struct SubscriberAnswer: Hashable, Sendable {
    /// Nil: another process leads it.
    public var term: SubscriberTerm?
    /// When the present lease ends.
    public var leasedUntil: Timestamp
    /// Every event up to here is sent, set aside, given up or not meant for it.
    public var cursor: EventCursor
    /// How many are set aside.
    public var waiting: Int
    /// Grows when somebody asks for one to be sent again.
    public var asked: Int64
    /// Since when nothing arrived at its endpoint.
    public var failingSince: Timestamp?

    public init(term: SubscriberTerm?, leasedUntil: Timestamp, cursor: EventCursor, waiting: Int, asked: Int64, failingSince: Timestamp?) {
        self.term = term
        self.leasedUntil = leasedUntil
        self.cursor = cursor
        self.waiting = waiting
        self.asked = asked
        self.failingSince = failingSince
    }
}

/// One event on its way to a subscriber.
public struct Sending: Hashable, Sendable {
    public var event: EventRecord
    public var outcome: SendingOutcome
    public var attempts: Int
    /// When it was first sent or set aside; it is given up a day later.
    public var first: Timestamp
    public var last: Timestamp
    /// When to try again; nil while it waits behind another.
    public var next: Timestamp?
    /// Of the last answer; nil when there was none.
    public var status: Int?
    /// Why the last try failed, for people; empty after one that did not.
    public var reason: String
    /// Somebody asked for it to be sent once more: it waits for no other, and none waits for it.
    public var isRepeat: Bool

    public init(
        event: EventRecord, outcome: SendingOutcome, attempts: Int, first: Timestamp, last: Timestamp, next: Timestamp? = nil, status: Int? = nil,
        reason: String = "", isRepeat: Bool = false
    ) {
        self.event = event
        self.outcome = outcome
        self.attempts = attempts
        self.first = first
        self.last = last
        self.next = next
        self.status = status
        self.reason = reason
        self.isRepeat = isRepeat
    }
}

/// What a leader learned of its subscriber since the last time.
public struct SubscriberSettlement: Hashable, Sendable {
    public var term: SubscriberTerm
    public var cursor: EventCursor
    public var sendings: [Sending]
    /// Tries that failed.
    public var failures: Int
    public var failingSince: Timestamp?
    /// The newest failure, for people; nil when there was none.
    public var error: String?

    public init(
        term: SubscriberTerm, cursor: EventCursor, sendings: [Sending] = [], failures: Int = 0, failingSince: Timestamp? = nil, error: String? = nil
    ) {
        self.term = term
        self.cursor = cursor
        self.sendings = sendings
        self.failures = failures
        self.failingSince = failingSince
        self.error = error
    }

    package func count(_ outcome: SendingOutcome) -> Int { sendings.count { $0.outcome == outcome } }
}

/// A subscriber as others see it.
public struct SubscriberRow: Hashable, Sendable {
    public var name: String
    public var owner: String?
    public var cursor: EventCursor
    /// Events behind the cursor that can be read, those that are not meant for it included.
    public var lag: Int
    /// Age of the oldest of them.
    public var age: Duration
    public var waiting: Int
    public var sent: Int64
    public var failed: Int64
    public var givenUp: Int64
    public var lastSent: Timestamp?
    public var lastFailed: Timestamp?
    public var error: String
    public var failingSince: Timestamp?

    public init(
        name: String, owner: String?, cursor: EventCursor, lag: Int, age: Duration, waiting: Int, sent: Int64, failed: Int64, givenUp: Int64,
        lastSent: Timestamp?, lastFailed: Timestamp?, error: String, failingSince: Timestamp?
    ) {
        self.name = name
        self.owner = owner
        self.cursor = cursor
        self.lag = lag
        self.age = age
        self.waiting = waiting
        self.sent = sent
        self.failed = failed
        self.givenUp = givenUp
        self.lastSent = lastSent
        self.lastFailed = lastFailed
        self.error = error
        self.failingSince = failingSince
    }
}

public struct SendingFields: Hashable, Sendable {
    public var subscriber: String
    public var outcome: SendingOutcome?

    public init(subscriber: String, outcome: SendingOutcome? = nil) {
        self.subscriber = subscriber
        self.outcome = outcome
    }
}

public struct SendingRow: Hashable, Sendable {
    public var id: SendingID
    public var sending: Sending

    public init(id: SendingID, sending: Sending) {
        self.id = id
        self.sending = sending
    }
}
