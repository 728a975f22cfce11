import Signals
import Storage

/// What the relay of one shard does next. Pure: answers of the store and the broker in, steps out; `RelayService` does what it says.
///
/// Two loops drive it. One looks after the lease and makes ticks, whether or not the broker takes anything; the other publishes.
struct ShardMachine: Hashable, Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Role: Hashable, Sendable {
        /// Nobody had anything to publish when it last asked.
        case free
        /// Another leads, at least until then.
        case following(until: Instant)
        case leading(RelayTerm)
    }

    /// Events that are published together; its cursor is settled as a whole.
    struct Batch: Hashable, Sendable {
        var term: RelayTerm
        var events: [EventRecord]

        var end: EventCursor { events.last?.cursor ?? term.cursor }
    }

    /// A batch whose every message is settled.
    struct Settlement: Hashable, Sendable {
        var term: RelayTerm
        var end: EventCursor
        var count: Int
        var refused: [RefusedEvent]
    }

    enum Step: Hashable, Sendable {
        /// Nothing to publish, or not by us.
        case rest
        case read(RelayTerm, after: EventCursor)
        case publish(Batch)
        case settle(Settlement)
    }

    /// What a look at the shard led to.
    struct Outcome: Hashable, Sendable {
        /// There is a new tick, which readers elsewhere wait for.
        var ticked = false
        /// There is something to publish.
        var hasWork = false
        /// When to look again unless somebody rings.
        var wake: Instant?
    }

    private(set) var role = Role.free
    /// Behind what was read last under this term.
    private var position: EventCursor?
    /// The end of the newest tick.
    private var newest: EventCursor?
    private var batch: Batch?
    private var settlement: Settlement?
    /// The batch after the one that is being published, if it was read meanwhile.
    private var ahead: Batch?
    private var lastTick: Instant?
    /// When the first asked that has not been looked for yet.
    private var asked: Instant?
    private(set) var failures = 0
    private var standsBackUntil: Instant?

    let lease: Duration
    /// The shortest time between two ticks.
    let tickInterval: Duration
    /// How long the first that asks waits for those that follow it.
    let gathering: Duration

    /// After so many failures in a row the lease is given to another relay, which may reach what this one cannot.
    static let mostFailures = 3
    /// How long it leaves a leader alone, while there is something to publish.
    static let longestPatience: Duration = .seconds(1)

    init(lease: Duration, tickInterval: Duration, gathering: Duration) {
        self.lease = lease
        self.tickInterval = tickInterval
        self.gathering = gathering
    }

    var term: RelayTerm? { if case .leading(let term) = role { term } else { nil } }

    // MARK: the lease and the ticks

    /// Nil: the store is to be asked now; else not before that moment.
    mutating func mayLook(at now: Instant) -> Instant? {
        let first = asked ?? now
        asked = first
        var earliest = first.advanced(by: gathering)
        if case .following(let until) = role { earliest = max(earliest, until) }
        if let lastTick { earliest = max(earliest, lastTick.advanced(by: tickInterval)) }
        if let standsBackUntil { earliest = max(earliest, standsBackUntil) }
        guard earliest <= now else { return earliest }
        asked = nil
        return nil
    }

    mutating func answered(_ answer: ShardAnswer, at now: Instant) -> Outcome {
        standsBackUntil = nil
        switch answer {
        case .idle:
            leave(for: .free)
            return Outcome()
        case .held(let rest):
            // A leader that stops in good order gives its lease back before it ends.
            let until = now.advanced(by: min(rest, Self.longestPatience))
            leave(for: .following(until: until))
            return Outcome(wake: until)
        case .leading(let term, let newest, let ticked):
            // The term that it has goes on; the store's cursor may lie behind what is on its way.
            if self.term?.number != term.number || self.term?.cursor.epoch != term.cursor.epoch {
                leave(for: .leading(term))
                position = term.cursor
            }
            self.newest = newest
            if ticked { lastTick = now }
            return Outcome(ticked: ticked, hasWork: hasWork, wake: hasWork ? now.advanced(by: lease / 3) : nil)
        }
    }

    /// It makes ticks only.
    mutating func ticked(_ ticked: Bool, at now: Instant) -> Outcome {
        if ticked { lastTick = now }
        return Outcome(ticked: ticked)
    }

    /// Something is on its way, or may be read.
    var hasWork: Bool {
        guard term != nil, let position, let newest else { return false }
        return batch != nil || settlement != nil || ahead != nil || position < newest
    }

    private mutating func leave(for role: Role) {
        self.role = role
        (position, newest, batch, settlement, ahead) = (nil, nil, nil, nil, nil)
    }

    // MARK: publishing

    func next() -> Step {
        guard let term, let position, let newest else { return .rest }
        if let settlement { return .settle(settlement) }
        if let batch { return .publish(batch) }
        return position < newest ? .read(term, after: position) : .rest
    }

    /// The place from which the batch after this one can be read while this one is published; nil when there is none.
    func placeAhead(of batch: Batch) -> EventCursor? {
        guard let newest, batch.end < newest else { return nil }
        return batch.end
    }

    mutating func read(_ events: [EventRecord], under term: RelayTerm) {
        guard term.number == self.term?.number, batch == nil, settlement == nil else { return }
        if events.isEmpty {
            // What the ticks counted is not kept any more.
            if let newest { skip(to: newest, under: term) }
        } else {
            take(Batch(term: term, events: events))
        }
    }

    /// The events up to there are not kept any more, so that there is nothing to publish.
    mutating func skip(to cursor: EventCursor, under term: RelayTerm) {
        guard term.number == self.term?.number, batch == nil, settlement == nil, let position, position < cursor else { return }
        self.position = cursor
        settlement = Settlement(term: term, end: cursor, count: 0, refused: [])
    }

    /// What was read while a batch was being published follows it.
    mutating func readAhead(_ events: [EventRecord], behind batch: Batch) {
        guard batch == self.batch, !events.isEmpty else { return }
        ahead = Batch(term: batch.term, events: events)
    }

    private mutating func take(_ batch: Batch) {
        self.batch = batch
        position = batch.end
    }

    /// Every message of the batch is settled.
    mutating func published(_ batch: Batch, _ outcomes: [PublishOutcome]) {
        guard batch == self.batch else { return }
        guard outcomes.count == batch.events.count else {
            // What is not told of is not settled: the whole batch again.
            return
        }
        let refused = zip(batch.events, outcomes).compactMap { event, outcome -> RefusedEvent? in
            guard case .refused(let reason) = outcome else { return nil }
            return RefusedEvent(cursor: event.cursor, messageID: event.messageID, routingKey: event.routingKey, reason: reason)
        }
        self.batch = nil
        settlement = Settlement(term: batch.term, end: batch.end, count: batch.events.count, refused: refused)
    }

    /// The cursor was moved; false: the term is over, and somebody else publishes what was not moved over.
    mutating func settled(_ settlement: Settlement, moved: Bool) {
        guard settlement == self.settlement else { return }
        guard moved else {
            leave(for: .free)
            return
        }
        failures = 0
        self.settlement = nil
        if let ahead {
            self.ahead = nil
            take(ahead)
        }
    }

    /// Reading, publishing or settling failed: the same step comes again. Gives the term to resign from when it failed too often in a row, so that another
    /// relay has a try; this one stands back for the length of a lease.
    mutating func failed(at now: Instant) -> RelayTerm? {
        failures += 1
        guard failures >= Self.mostFailures, let term else { return nil }
        failures = 0
        leave(for: .free)
        standsBackUntil = now.advanced(by: lease)
        return term
    }

    /// It gives its lease back, if it has one.
    mutating func stopped() -> RelayTerm? {
        defer { leave(for: .free) }
        return term
    }
}
