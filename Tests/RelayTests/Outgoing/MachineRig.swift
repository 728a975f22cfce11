import Domain
import Signals
import Storage

@testable import Relay

/// A machine with a clock that the test moves, an endpoint that the test plays, and a store that remembers what it was told.
struct MachineRig {
    var machine: SubscriberMachine
    var now = ContinuousClock.Instant.now
    var moment = Timestamp(microseconds: 1_700_000_000_000_000)
    /// What was written, by message id.
    var written: [String: Sending] = [:]
    var cursor = Self.cursor(0)
    var term: Int64 = 1
    var events: [EventRecord]
    /// On its way to the endpoint.
    var flying: [EventRecord] = []
    /// Every try, in order.
    var tried: [Int64] = []
    var settlements: [SubscriberSettlement] = []
    var leads = 0
    var asked: Int64 = 0

    init(_ events: [EventRecord] = [], bounds: OutgoingBounds = OutgoingBounds()) {
        machine = SubscriberMachine(subscriber: "s", bounds: bounds)
        self.events = events
    }

    static func cursor(_ number: Int64) -> EventCursor { EventCursor(epoch: 1, tick: number, sequence: number) }

    /// Event `number` of an entity, which is its order.
    static func event(_ number: Int64, of entity: Int64, at moment: Timestamp = Timestamp(microseconds: 1_700_000_000_000_000)) -> EventRecord {
        EventRecord(
            cursor: cursor(number), messageID: "m\(number)", kind: .buildFinished, entity: .build, entityID: entity, entityVersion: number,
            routingKey: "build.finished.demo.main.test.w1.success.\(entity)", occurred: moment, chain: "{}", data: "{}")
    }

    var waiting: [Sending] { written.values.filter { $0.outcome == .waiting }.sorted { $0.event.cursor < $1.event.cursor } }

    func outcome(_ number: Int64) -> SendingOutcome? { written["m\(number)"]?.outcome }

    var answer: SubscriberAnswer {
        SubscriberAnswer(
            term: SubscriberTerm(subscriber: "s", owner: "o", number: term), leasedUntil: moment.advanced(by: machine.bounds.lease), cursor: cursor,
            waiting: waiting.count, asked: asked, failingSince: nil)
    }

    /// Does what the machine says until it rests; sendings stay on their way. Gives when it wants to go on.
    @discardableResult
    mutating func run() -> ContinuousClock.Instant? {
        for _ in 0..<10_000 {
            switch machine.next(at: now) {
            case .rest(let until): return until
            case .lead:
                leads += 1
                machine.answered(answer, now: moment, askedAt: now, at: now)
            case .load: machine.loaded(waiting) { "\($0.entityID)" }
            case .read(let after, let limit):
                let page = events.filter { $0.cursor > after }.prefix(limit)
                machine.read(Array(page), isAll: page.count < limit) { $0.entityID < 0 ? nil : "\($0.entityID)" }
            case .send(let event, _):
                flying.append(event)
                tried.append(event.cursor.sequence)
            case .settle(let settlement): settle(settlement)
            }
        }
        return nil
    }

    mutating func settle(_ settlement: SubscriberSettlement) {
        settlements.append(settlement)
        cursor = settlement.cursor
        for sending in settlement.sendings { written[sending.event.messageID] = sending }
        machine.settled(settlement, isDone: true)
    }

    mutating func add(_ more: [EventRecord]) {
        events += more
        machine.tell(news: true, look: false)
    }

    mutating func pass(_ time: Duration) {
        now = now.advanced(by: time)
        moment = moment.advanced(by: time)
    }

    /// The endpoint answers everything that is on its way.
    mutating func answer(_ result: (EventRecord) -> SendResult) {
        let answered = flying
        flying = []
        for event in answered {
            machine.sent(event, under: SubscriberTerm(subscriber: "s", owner: "o", number: term), result(event), at: now, random: 1)
        }
    }

    /// Goes on, in steps of time that the machine asks for, until that much has passed.
    mutating func play(for time: Duration, _ result: (EventRecord) -> SendResult) {
        let end = now.advanced(by: time)
        while true {
            let wake = run()
            if !flying.isEmpty {
                answer(result)
                continue
            }
            guard let wake, wake <= end else { break }
            pass(max(now.duration(to: wake), .milliseconds(1)))
        }
        pass(now.duration(to: end))
        run()
    }

    static let arrives: @Sendable (EventRecord) -> SendResult = { _ in .arrived(status: 204) }
    static let fails: @Sendable (EventRecord) -> SendResult = { _ in .failed(status: 500, reason: "answers 500") }
}
