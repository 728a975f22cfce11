import Domain
import Signals
import Storage

/// What is sent to one subscriber, and when. Pure: answers of the store and of the endpoint in, steps out; `OutgoingCore` does what it says.
///
/// Events of one order (an entity, unless the subscriber says otherwise) go one after the other, those of others beside them. One that fails is set aside and
/// holds up those of its order only. When several fail in a row without one that arrives, the endpoint is taken to be away: one event at a time is tried, and
/// the cursor waits.
struct SubscriberMachine: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Role: Hashable, Sendable {
        /// Nobody leads it, as far as this process knows.
        case free
        /// Another leads, at least until then.
        case following(until: Instant, waiting: Bool)
        /// Until then, unless the lease is renewed.
        case leading(SubscriberTerm, until: Instant)
    }

    /// An event that was read and is not settled.
    struct Item: Hashable, Sendable {
        enum State: Hashable, Sendable { case queued, sending, done }

        var event: EventRecord
        var order: String
        /// The cursor in front of it.
        var before: EventCursor
        var state = State.queued
    }

    /// An event that was set aside.
    struct Aside: Hashable, Sendable {
        var sending: Sending
        var order: String
        var isOnItsWay = false
    }

    enum Step: Hashable, Sendable {
        /// Nothing to do before that moment, unless somebody rings or an answer comes.
        case rest(until: Instant?)
        case lead
        /// What is set aside.
        case load
        case read(after: EventCursor, limit: Int)
        case send(EventRecord, SubscriberTerm)
        case settle(SubscriberSettlement)
    }

    let subscriber: String
    let bounds: OutgoingBounds
    private(set) var role = Role.free
    /// Somebody told that there may be events.
    var hasNews = false
    /// The store is to be asked, whether or not there is work.
    var isToLook = true
    var isLoaded = false
    var asked: Int64?
    /// Behind what was read last.
    var position: EventCursor?
    var settled: EventCursor?
    var window: [Item] = []
    /// By message id.
    var aside: [String: Aside] = [:]
    /// What the store is to be told, by message id: a later word on one event replaces the earlier.
    var results: [String: Sending] = [:]
    var failures = 0
    var error: String?
    var lastSettle: Instant?
    private(set) var failuresInARow = 0
    /// Which events failed since something arrived: one that is tried again and again says little of the endpoint.
    var failed: Set<String> = []
    var probes = 0
    /// Since when nothing arrived.
    private(set) var failingSince: Timestamp?
    var probeAt: Instant?
    /// The store's clock, as it was told last.
    var clock: (store: Timestamp, here: Instant)?

    init(subscriber: String, bounds: OutgoingBounds = OutgoingBounds()) {
        self.subscriber = subscriber
        self.bounds = bounds
    }

    var term: SubscriberTerm? { if case .leading(let term, _) = role { term } else { nil } }
    var isAway: Bool { failed.count >= bounds.failuresOfAway }
    var inFlight: Int { window.count { $0.state == .sending } + aside.values.count { $0.isOnItsWay } }

    // MARK: what others tell

    mutating func tell(news: Bool, look: Bool) {
        if news { hasNews = true }
        if look { isToLook = true }
    }

    /// - Parameter sent: when the store was asked: the lease counts from before.
    mutating func answered(_ answer: SubscriberAnswer?, now storeNow: Timestamp, askedAt sent: Instant, at now: Instant) {
        isToLook = false
        clock = (storeNow, now)
        guard let answer else { return leave(for: .free) }
        guard let term = answer.term else {
            let rest = max(answer.leasedUntil.since(storeNow), bounds.shortestPatience)
            return leave(for: .following(until: now.advanced(by: rest), waiting: answer.waiting > 0))
        }
        if self.term != term || position?.epoch != answer.cursor.epoch {
            leave(for: .free)
            (position, settled, asked) = (answer.cursor, answer.cursor, answer.asked)
            failingSince = answer.failingSince
            isLoaded = answer.waiting == 0
            hasNews = true
        } else if asked != answer.asked {
            (asked, isLoaded) = (answer.asked, false)
        }
        role = .leading(term, until: sent.advanced(by: bounds.lease))
    }

    mutating func loaded(_ sendings: [Sending], order: (EventRecord) -> String) {
        guard term != nil else { return }
        isLoaded = true
        for sending in sendings {
            let id = sending.event.messageID
            // What is on its way has an answer soon; what has an answer is to be told to the store.
            if aside[id]?.isOnItsWay == true || results[id] != nil { continue }
            aside[id] = Aside(sending: sending, order: order(sending.event))
        }
    }

    /// - Parameters:
    ///   - events: what lies behind the position.
    ///   - order: nil for those that are not meant for this subscriber.
    mutating func read(_ events: [EventRecord], isAll: Bool, order: (EventRecord) -> String?) {
        guard term != nil, var before = position else { return }
        for event in events {
            if let order = order(event), aside[event.messageID] == nil {
                window.append(Item(event: event, order: order, before: before))
            }
            before = event.cursor
        }
        position = before
        if isAll { hasNews = false }
    }

    /// The events up to there are not kept any more.
    mutating func skip(to cursor: EventCursor) {
        guard term != nil, window.isEmpty, let position, position < cursor else { return }
        self.position = cursor
    }

    /// Its events have another history than before: the store tells the place.
    mutating func rewound() {
        leave(for: .free)
        isToLook = true
    }

    mutating func settled(_ settlement: SubscriberSettlement, isDone: Bool) {
        guard settlement.term == term else { return }
        guard isDone else {
            leave(for: .free)
            isToLook = true
            return
        }
        settled = settlement.cursor
        for sending in settlement.sendings where results[sending.event.messageID] == sending { results[sending.event.messageID] = nil }
        failures -= settlement.failures
        if error == settlement.error { error = nil }
    }

    /// It sends nothing more: what is to be settled, and the term to give back then.
    mutating func stopped() -> (term: SubscriberTerm, last: SubscriberSettlement?)? {
        defer { leave(for: .free) }
        guard let term else { return nil }
        return (term, settlement(of: term))
    }

    func settlement(of term: SubscriberTerm) -> SubscriberSettlement? {
        guard !results.isEmpty || failures > 0 || reached != settled, let reached else { return nil }
        return SubscriberSettlement(
            term: term, cursor: reached, sendings: results.values.sorted { $0.event.cursor < $1.event.cursor }, failures: failures,
            failingSince: failingSince, error: error)
    }

    private mutating func leave(for role: Role) {
        self.role = role
        (position, settled, asked, isLoaded, lastSettle, probeAt) = (nil, nil, nil, false, nil, nil)
        (window, aside, results, failures, error) = ([], [:], [:], 0, nil)
        (failuresInARow, failingSince, failed, probes) = (0, nil, [], 0)
    }

    // MARK: what an endpoint answers

    /// - Parameter random: from 0 up to 1; spreads the retries.
    mutating func sent(_ event: EventRecord, under term: SubscriberTerm, _ result: SendResult, at now: Instant, random: Double) {
        guard term == self.term, let moment = storeTime(now) else { return }
        var sending: Sending
        if let waiting = aside[event.messageID], waiting.isOnItsWay {
            sending = waiting.sending
        } else if let place = window.firstIndex(where: { $0.event.messageID == event.messageID && $0.state == .sending }) {
            window[place].state = .done
            sending = Sending(event: event, outcome: .waiting, attempts: 0, first: moment, last: moment)
        } else {
            return
        }
        let order = aside[event.messageID]?.order ?? window.first { $0.event.messageID == event.messageID }?.order ?? ""
        sending.attempts += 1
        sending.last = moment
        sending.next = nil
        switch result {
        case .arrived(let status):
            (sending.outcome, sending.status, sending.reason, sending.isRepeat) = (.sent, status, "", false)
            aside[event.messageID] = nil
            results[event.messageID] = sending
            recover(at: moment)
        case .failed(let status, let reason):
            failures += 1
            failuresInARow += 1
            failed.insert(event.messageID)
            if failingSince == nil { failingSince = moment }
            error = reason
            (sending.status, sending.reason) = (status, reason)
            sending.next = moment.advanced(by: bounds.backoff.delay(failures: sending.attempts, random: random))
            aside[event.messageID] = Aside(sending: sending, order: order)
            results[event.messageID] = sending
            if isAway {
                probes += 1
                probeAt = now.advanced(by: bounds.probing.delay(failures: probes, random: random))
            }
        }
        dropDone()
    }

    /// Something arrived: whatever was set aside because the endpoint was away need not wait out its time.
    private mutating func recover(at moment: Timestamp) {
        if isAway {
            for id in aside.keys where aside[id]?.sending.next != nil { aside[id]?.sending.next = moment }
        }
        (failuresInARow, failingSince, failed, probes, probeAt) = (0, nil, [], 0, nil)
    }

    mutating func dropDone() {
        window.removeAll { $0.state == .done }
    }
}
