import Domain
import Signals
import Storage
import TestSupport
import Testing

@testable import Relay

@Suite struct SubscriberMachineTests {
    typealias Rig = MachineRig

    @Test("Events go in the order of each entity, and those of several entities side by side")
    func order() {
        var rig = Rig([Rig.event(1, of: 1), Rig.event(2, of: 1), Rig.event(3, of: 2), Rig.event(4, of: 1)])
        rig.run()
        #expect(rig.tried == [1, 3])
        rig.answer(Rig.arrives)
        rig.run()
        #expect(rig.tried == [1, 3, 2])
        rig.play(for: .seconds(5), Rig.arrives)
        #expect(rig.tried == [1, 3, 2, 4])
        #expect(rig.cursor == Rig.cursor(4) && rig.waiting.isEmpty)
        #expect((1...4).allSatisfy { rig.outcome($0) == .sent })
    }

    @Test("No more go side by side than the bound says")
    func sideBySide() {
        var rig = Rig((1...50).map { Rig.event($0, of: $0) })
        rig.run()
        #expect(rig.flying.count == 8)
    }

    @Test("What is not meant for the subscriber moves its cursor, in one write a second and none after")
    func passing() {
        var rig = Rig((1...500).map { Rig.event($0, of: -1) })
        rig.play(for: .seconds(1), Rig.arrives)
        #expect(rig.cursor == Rig.cursor(500) && rig.tried.isEmpty)
        rig.add([Rig.event(501, of: -1)])
        rig.run()
        let written = rig.settlements.count
        rig.add([Rig.event(502, of: -1)])
        let wake = rig.run()
        #expect(rig.settlements.count == written)
        #expect(wake != nil)
        rig.play(for: .seconds(5), Rig.arrives)
        #expect(rig.cursor == Rig.cursor(502) && rig.settlements.count == written + 1)
    }

    @Test("At rest it asks nothing and wakes for nothing, however long")
    func idle() {
        var rig = Rig([Rig.event(1, of: 1)])
        rig.play(for: .seconds(5), Rig.arrives)
        let (leads, settlements) = (rig.leads, rig.settlements.count)
        rig.pass(.seconds(3600))
        let wake = rig.run()
        #expect(wake == nil && rig.leads == leads && rig.settlements.count == settlements)
        rig.add([Rig.event(2, of: 1)])
        rig.play(for: .seconds(5), Rig.arrives)
        #expect(rig.leads == leads + 1 && rig.outcome(2) == .sent)
    }

    @Test("A failure is set aside with those behind it of its entity; others pass by; it is tried again later and later, and order is kept")
    func setAside() {
        var rig = Rig([Rig.event(1, of: 1), Rig.event(2, of: 2), Rig.event(3, of: 1), Rig.event(4, of: 2)])
        rig.play(for: .seconds(1)) { $0.entityID == 1 ? .failed(status: 503, reason: "answers 503") : .arrived(status: 200) }
        #expect(rig.tried == [1, 2, 4])
        #expect(rig.cursor == Rig.cursor(4))
        #expect(rig.waiting.map(\.event.cursor.sequence) == [1, 3])
        #expect(rig.waiting.map(\.attempts) == [1, 0] && rig.waiting[0].status == 503 && rig.waiting[1].next == nil)
        // 2, 4, 8, … seconds, and never more than ten minutes.
        rig.play(for: .seconds(3600)) { $0.entityID == 1 ? .failed(status: nil, reason: "gone") : .arrived(status: 200) }
        let tries = rig.tried.count { $0 == 1 }
        #expect((10...16).contains(tries), "\(tries)")
        #expect(!rig.tried.contains(3))
        rig.play(for: .seconds(600), Rig.arrives)
        #expect(rig.tried.suffix(2) == [1, 3])
        #expect(rig.outcome(1) == .sent && rig.outcome(3) == .sent && rig.waiting.isEmpty)
        #expect(rig.written["m1"]?.reason == "" && rig.written["m1"]?.attempts == tries + 1)
    }

    @Test("An event is tried for a day, then given up, with those that waited behind it; what comes after is sent")
    func givenUp() {
        var rig = Rig([Rig.event(1, of: 1), Rig.event(2, of: 1)])
        let poison: (EventRecord) -> SendResult = { $0.cursor.sequence <= 2 ? .failed(status: 400, reason: "answers 400") : .arrived(status: 200) }
        rig.play(for: .seconds(86_399), poison)
        #expect(rig.outcome(1) == .waiting && rig.outcome(2) == .waiting)
        rig.play(for: .seconds(1200), poison)
        #expect(rig.outcome(1) == .givenUp && rig.outcome(2) == .givenUp)
        #expect(rig.written["m1"]?.reason == "answers 400" && rig.written["m2"]?.reason == "it waited behind what did not arrive")
        rig.add([Rig.event(3, of: 1)])
        rig.run()
        #expect(rig.flying.map(\.messageID) == ["m3"])
        rig.play(for: .seconds(60), poison)
        #expect(rig.outcome(3) == .sent)
        #expect(rig.settlements.reduce(0) { $0 + $1.count(.givenUp) } == 2)
    }

    @Test("An endpoint that is away is tried by one event at a time and the cursor waits; back again, it gets everything in order")
    func away() {
        var rig = Rig((1...1000).map { Rig.event($0, of: $0 % 100) })
        rig.play(for: .seconds(600), Rig.fails)
        #expect(rig.machine.isAway && rig.machine.failingSince != nil)
        #expect(rig.waiting.count <= rig.machine.bounds.aside)
        #expect(rig.cursor < Rig.cursor(100))
        #expect(rig.tried.count < 60, "\(rig.tried.count)")
        rig.play(for: .seconds(120), Rig.arrives)
        #expect(rig.cursor == Rig.cursor(1000) && rig.waiting.isEmpty)
        for entity in Int64(0)..<100 {
            let sent = rig.tried.filter { $0 % 100 == entity }
            #expect(sent == sent.sorted())
        }
        #expect((1...1000).allSatisfy { rig.outcome($0) == .sent })
    }

    @Test("While many poisoned events look like an endpoint that is away, the others come through")
    func poisoned() {
        let poison: (EventRecord) -> SendResult = { $0.entityID < 20 ? .failed(status: 422, reason: "answers 422") : .arrived(status: 200) }
        var rig = Rig((1...200).map { Rig.event($0, of: $0) })
        rig.play(for: .seconds(3600), poison)
        #expect((20...200).allSatisfy { rig.outcome($0) == .sent })
        #expect((1...19).allSatisfy { rig.outcome($0) == .waiting })
    }

    @Test("With as much set aside as may be, the cursor waits, and goes on when there is room")
    func full() {
        var bounds = OutgoingBounds()
        bounds.aside = 5
        var rig = Rig((1...40).map { Rig.event($0, of: $0 % 4) }, bounds: bounds)
        rig.play(for: .seconds(300)) { $0.entityID == 0 ? .failed(status: 500, reason: "answers 500") : .arrived(status: 200) }
        #expect(rig.waiting.count == 5)
        // The sixth of entity 0 is number 24.
        #expect(rig.cursor == Rig.cursor(23))
        #expect((1...40).filter { $0 % 4 != 0 }.allSatisfy { rig.outcome($0) == .sent })
        rig.play(for: .seconds(1200), Rig.arrives)
        #expect(rig.cursor == Rig.cursor(40) && rig.waiting.isEmpty)
    }

    @Test("Behind an endpoint that is away for a day, what is a day old is given up, so that history need not be kept for ever")
    func oldBehindAway() {
        var rig = Rig((1...1000).map { Rig.event($0, of: $0) })
        rig.play(for: .seconds(3 * 86_400), Rig.fails)
        #expect(rig.cursor == Rig.cursor(1000) && rig.waiting.isEmpty)
        #expect((1...1000).allSatisfy { rig.outcome($0) == .givenUp })
    }

    @Test("A process that dies between the answer and the write repeats; one that had written does not")
    func crash() {
        var rig = Rig([Rig.event(1, of: 1), Rig.event(2, of: 2)])
        rig.run()
        rig.answer(Rig.arrives)
        // Nothing was written: another one begins where the store says.
        rig.machine = SubscriberMachine(subscriber: "s")
        rig.term = 2
        rig.play(for: .seconds(5), Rig.arrives)
        #expect(rig.tried == [1, 2, 1, 2] && rig.cursor == Rig.cursor(2))
        rig.machine = SubscriberMachine(subscriber: "s")
        rig.term = 3
        rig.play(for: .seconds(5), Rig.arrives)
        #expect(rig.tried.count == 4)
    }

    @Test("What was set aside before a crash is neither forgotten nor sent out of order by the next")
    func crashWithAside() {
        var rig = Rig([Rig.event(1, of: 1), Rig.event(2, of: 2), Rig.event(3, of: 2)])
        rig.run()
        // The first hangs; the second fails and is written, in front of the first.
        rig.flying.removeAll { $0.entityID == 1 }
        rig.answer(Rig.fails)
        rig.pass(.seconds(1))
        rig.run()
        #expect(rig.cursor == Rig.cursor(0) && rig.waiting.map(\.event.messageID) == ["m2", "m3"])
        rig.machine = SubscriberMachine(subscriber: "s")
        rig.term = 2
        rig.play(for: .seconds(30), Rig.arrives)
        #expect(rig.tried.filter { $0 > 1 } == [2, 2, 3])
        #expect(rig.outcome(1) == .sent && rig.waiting.isEmpty && rig.cursor == Rig.cursor(3))
    }

    @Test("A leader that was frozen forgets what it held when another leads, and takes no answer of its old term")
    func frozen() {
        var rig = Rig([Rig.event(1, of: 1), Rig.event(2, of: 1)])
        rig.run()
        let old = SubscriberTerm(subscriber: "s", owner: "o", number: 1)
        rig.pass(.seconds(120))
        #expect(rig.machine.next(at: rig.now) == .lead)
        var held = rig.answer
        held.term = nil
        held.leasedUntil = rig.moment.advanced(by: .seconds(7))
        rig.machine.answered(held, now: rig.moment, askedAt: rig.now, at: rig.now)
        rig.machine.sent(rig.events[0], under: old, .arrived(status: 200), at: rig.now, random: 0)
        #expect(rig.machine.inFlight == 0 && rig.machine.term == nil)
        // It looks again when the other's lease ends, since events came.
        rig.machine.tell(news: true, look: false)
        #expect(rig.machine.next(at: rig.now) == .rest(until: rig.now.advanced(by: .seconds(7))))
    }

    @Test("A write that is refused ends the term: everything is read again")
    func refused() {
        var rig = Rig([Rig.event(1, of: 1)])
        rig.run()
        rig.answer(Rig.arrives)
        guard case .settle(let settlement) = rig.machine.next(at: rig.now) else {
            Issue.record("there is something to write")
            return
        }
        rig.machine.settled(settlement, isDone: false)
        #expect(rig.machine.term == nil && rig.machine.next(at: rig.now) == .lead)
    }

    @Test("Nothing is sent that could outlast the lease, and a leader with work renews it in time")
    func lease() {
        var rig = Rig([Rig.event(1, of: 1)])
        rig.run()
        #expect(rig.flying.count == 1)
        rig.pass(.seconds(19))
        rig.events.append(Rig.event(2, of: 2))
        rig.machine.tell(news: true, look: false)
        #expect(rig.machine.next(at: rig.now) == .lead)
    }

    @Test("What somebody asks for is sent at once and alone, though its entity waits")
    func again() {
        var rig = Rig([Rig.event(1, of: 1), Rig.event(2, of: 1)])
        rig.play(for: .seconds(2)) { $0.cursor.sequence == 2 ? .failed(status: 500, reason: "answers 500") : .arrived(status: 200) }
        #expect(rig.outcome(1) == .sent && rig.outcome(2) == .waiting)
        rig.written["m1"]?.outcome = .waiting
        rig.written["m1"]?.isRepeat = true
        rig.written["m1"]?.next = rig.moment
        rig.asked += 1
        rig.machine.tell(news: false, look: true)
        rig.run()
        #expect(rig.flying.map(\.messageID) == ["m1"])
        rig.answer(Rig.arrives)
        rig.play(for: .seconds(1), Rig.fails)
        #expect(rig.outcome(1) == .sent && rig.written["m1"]?.isRepeat == false && rig.written["m1"]?.attempts == 2)
    }

    @Test("A process that stops tells what it knows, and gives its lease back")
    func stops() {
        var rig = Rig([Rig.event(1, of: 1), Rig.event(2, of: 2)])
        rig.run()
        rig.flying.removeFirst()
        rig.answer(Rig.arrives)
        let last = rig.machine.stopped()
        #expect(last?.term.number == 1 && last?.last?.cursor == Rig.cursor(0))
        #expect(last?.last?.sendings.map(\.event.messageID) == ["m2"])
        #expect(rig.machine.stopped() == nil)
    }

    @Test("Whatever fails and dies, nothing is lost, nothing overtakes within an entity", arguments: 0..<200)
    func random(seed: UInt64) {
        var generator = Seeded(state: seed)
        var bounds = OutgoingBounds()
        bounds.aside = Int.random(in: 1...20, using: &generator)
        bounds.window = Int.random(in: 1...30, using: &generator)
        bounds.batch = Int.random(in: 1...30, using: &generator)
        var rig = Rig([], bounds: bounds)
        var count: Int64 = 0
        /// What arrived, by entity.
        var arrived: [Int64: [Int64]] = [:]
        for _ in 0..<60 {
            let more = Int64.random(in: 0...8, using: &generator)
            if more > 0 {
                let moment = rig.moment
                rig.add((1...more).map { Rig.event(count + $0, of: Int64.random(in: -1...6, using: &generator), at: moment) })
                count += more
            }
            let chance = Int.random(in: 0...3, using: &generator)
            if Int.random(in: 0..<8, using: &generator) == 0 {
                rig.machine = SubscriberMachine(subscriber: "s", bounds: bounds)
                rig.flying = []
                rig.term += 1
            }
            rig.play(for: .seconds(Int.random(in: 0...100, using: &generator))) { event in
                guard Int.random(in: 0...3, using: &generator) >= chance else { return .failed(status: 500, reason: "r") }
                arrived[event.entityID, default: []].append(event.cursor.sequence)
                return .arrived(status: 200)
            }
        }
        rig.play(for: .seconds(2000)) { event in
            arrived[event.entityID, default: []].append(event.cursor.sequence)
            return .arrived(status: 200)
        }
        #expect(rig.cursor.sequence == count && rig.waiting.isEmpty)
        for entity in Int64(0)...6 {
            let all = rig.events.filter { $0.entityID == entity }.map(\.cursor.sequence)
            var seen: [Int64] = []
            for number in arrived[entity] ?? [] where !seen.contains(number) { seen.append(number) }
            #expect(seen == all, "seed \(seed), entity \(entity)")
        }
    }
}

private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
