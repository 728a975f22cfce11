import ProcessSupport
import Signals
import Testing

@testable import SignalsAMQP

/// The pure parts: no broker, and time is a number.
@Suite struct MachineTests {
    let start = ContinuousClock.now

    // MARK: Confirms

    @Test("Confirms settle what they name: one by one, all up to one, out of order, and nothing twice")
    func confirmWindow() {
        var window = ConfirmWindow<String>()
        for (index, name) in ["a", "b", "c", "d", "e"].enumerated() { #expect(window.sent(name) == UInt64(index) + 1) }
        #expect(window.settle(tag: 4, multiple: false) == ["d"])
        #expect(window.settle(tag: 3, multiple: true) == ["a", "b", "c"])
        #expect(window.settle(tag: 3, multiple: true).isEmpty)
        #expect(window.settle(tag: 4, multiple: false).isEmpty)
        #expect(window.count == 1)
        #expect(window.sent("f") == 6)
        #expect(window.settle(tag: 7, multiple: true).isEmpty, "a tag that was never given")
        #expect(window.settle(tag: 0, multiple: true) == ["e", "f"])
        #expect(window.settle(tag: 0, multiple: false).isEmpty)
        #expect(window.count == 0)
    }

    @Test("Every message is settled exactly once under any mixture of confirms", arguments: 0..<50)
    func confirmWindowAtRandom(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var window = ConfirmWindow<UInt64>()
        var open: [UInt64] = []
        var last: UInt64 = 0
        for _ in 0..<5000 {
            if Bool.random(using: &random) || open.isEmpty {
                last += 1
                #expect(window.sent(last) == last)
                open.append(last)
            } else if Int.random(in: 0..<4, using: &random) == 0, let tag = open.randomElement(using: &random) {
                let settled = open.filter { $0 <= tag }
                open.removeAll { $0 <= tag }
                #expect(window.settle(tag: tag, multiple: true) == settled)
            } else if let tag = open.randomElement(using: &random) {
                open.removeAll { $0 == tag }
                #expect(window.settle(tag: tag, multiple: false) == [tag])
            }
            #expect(window.count == open.count)
        }
    }

    // MARK: Batches

    private func event(_ name: String) -> OutgoingEvent {
        OutgoingEvent(routingKey: name, messageID: name, type: "t", timestamp: 0, body: [])
    }

    private func keys(_ machine: inout PublishMachine, at now: ContinuousClock.Instant) -> [String] {
        var keys: [String] = []
        while let event = machine.next(at: now) { keys.append(event.routingKey) }
        return keys
    }

    @Test("Events go out in order across batches, no more than the window at once")
    func window() {
        var machine = PublishMachine(window: 3, tries: 3, pause: .milliseconds(20))
        machine.add(1, [event("a"), event("b")])
        machine.add(2, [event("c"), event("d")])
        #expect(keys(&machine, at: start) == ["a", "b", "c"])
        #expect(machine.acknowledged(tag: 2, multiple: false).isEmpty)
        #expect(keys(&machine, at: start) == ["d"])
        #expect(machine.acknowledged(tag: 1, multiple: false) == [.init(batch: 1, outcomes: [.confirmed, .confirmed])])
        #expect(machine.acknowledged(tag: 4, multiple: true) == [.init(batch: 2, outcomes: [.confirmed, .confirmed])])
        #expect(machine.isIdle && machine.outstanding == 0)
    }

    @Test("A refused event is sent again after growing pauses while the others go on, then reported as refused in its place")
    func refusal() {
        var machine = PublishMachine(window: 10, tries: 3, pause: .milliseconds(20))
        machine.add(1, [event("a"), event("full"), event("c")])
        #expect(keys(&machine, at: start) == ["a", "full", "c"])
        #expect(machine.refused(tag: 2, multiple: false, at: start).isEmpty)
        #expect(machine.acknowledged(tag: 3, multiple: false).isEmpty)
        #expect(machine.acknowledged(tag: 1, multiple: false).isEmpty)
        #expect(keys(&machine, at: start).isEmpty)
        #expect(machine.nextRepeat == start + .milliseconds(20))
        machine.add(2, [event("d")])
        #expect(keys(&machine, at: start) == ["d"])
        #expect(machine.acknowledged(tag: 4, multiple: false).map(\.batch) == [2])
        let second = start + .milliseconds(20)
        #expect(keys(&machine, at: second) == ["full"])
        #expect(machine.refused(tag: 5, multiple: false, at: second).isEmpty)
        #expect(machine.nextRepeat == second + .milliseconds(80))
        let third = second + .milliseconds(80)
        #expect(keys(&machine, at: third) == ["full"])
        let done = machine.refused(tag: 6, multiple: false, at: third)
        #expect(done.first?.outcomes.count == 3)
        #expect(done.first?.outcomes.first == .confirmed && done.first?.outcomes.last == .confirmed)
        if case .refused = done.first?.outcomes[1] {} else { Issue.record("the refused event is not told: \(done)") }
    }

    @Test("A batch that nobody waits for is forgotten, and its late confirms settle nothing else")
    func forgotten() {
        var machine = PublishMachine(window: 10, tries: 3, pause: .milliseconds(20))
        machine.add(1, [event("a"), event("b"), event("c")])
        _ = machine.next(at: start)
        machine.forget(1)
        machine.add(2, [event("d")])
        #expect(keys(&machine, at: start) == ["d"])
        #expect(machine.acknowledged(tag: 1, multiple: false).isEmpty)
        #expect(machine.acknowledged(tag: 2, multiple: false) == [.init(batch: 2, outcomes: [.confirmed])])
    }

    @Test("When the connection is lost every batch is unknown, and tags count from 1 again")
    func lost() {
        var machine = PublishMachine(window: 10, tries: 3, pause: .milliseconds(20))
        machine.add(1, [event("a")])
        machine.add(2, [event("b")])
        _ = machine.next(at: start)
        #expect(Set(machine.reset()) == [1, 2])
        machine.add(3, [event("c")])
        #expect(keys(&machine, at: start) == ["c"])
        #expect(machine.acknowledged(tag: 1, multiple: false).map(\.batch) == [3])
    }

    // MARK: Rings

    @Test("Rings are a set of loops, sent at most once in a while, and sent again unless a later ring to oneself proved that they were taken")
    func ringOutbox() {
        var outbox = RingOutbox()
        #expect(outbox.ring(.relay) == true)
        #expect(outbox.ring(.relay) == false)
        #expect(outbox.take(at: start) == [.relay])
        #expect(outbox.ring(.relay) == true)
        #expect(outbox.take(at: start).isEmpty)
        #expect(outbox.nextDue == start + RingOutbox.gap)
        #expect(outbox.take(at: start + RingOutbox.gap) == [.relay])
        outbox.echoSent()
        _ = outbox.ring(.sweeper)
        #expect(outbox.take(at: start) == [.sweeper])
        outbox.echoHeard()
        outbox.connectionLost()
        #expect(outbox.take(at: start) == [.sweeper], "rung after the ring to oneself, so nothing proves that it was taken")
    }

    @Test("Rings that no proof came for are rung again after a lost connection")
    func ringOutboxLost() {
        var outbox = RingOutbox()
        _ = outbox.ring(.relay)
        _ = outbox.take(at: start)
        outbox.echoSent()
        outbox.connectionLost()
        #expect(outbox.take(at: start) == [.relay])
    }

    @Test("The bell is healthy only while rings to oneself come back in time over both connections")
    func health() {
        var machine = BellHealthMachine(interval: .seconds(5))
        #expect(machine.health != .healthy)
        machine.ringing(.open, at: start)
        #expect(machine.echoDue(at: start) == nil, "nobody would hear it")
        machine.hearing(.open, at: start)
        #expect(machine.echoDue(at: start) == 1)
        #expect(machine.echoDue(at: start + .seconds(1)) == nil)
        #expect(machine.health != .healthy)
        #expect(machine.heard(1, at: start + .milliseconds(2)) == true)
        #expect(machine.health == .healthy)
        #expect(machine.roundTrip == .milliseconds(2))
        #expect(machine.echoDue(at: start + .seconds(5)) == 2)
        #expect(machine.health == .healthy)
        #expect(machine.echoDue(at: start + .seconds(10)) == 3)
        #expect(machine.health == .degraded("a ring to this process itself has not come back within 5.0 seconds"))
        #expect(machine.heard(2, at: start + .seconds(10)) == false, "too late: another one is on its way")
        #expect(machine.heard(3, at: start + .seconds(11)) == true)
        #expect(machine.health == .healthy)
        machine.ringing(.blocked("low on memory"), at: start)
        #expect(machine.health == .degraded("the broker takes no rings: low on memory"))
        machine.hearing(.away("gone"), at: start)
        #expect(machine.health == .degraded("cannot hear rings: gone"))
    }

    // MARK: Reconnecting

    @Test("Brokers are tried in their order, one round without waits, then after a growing wait")
    func reconnect() {
        var plan = ReconnectPlan(brokers: 3, backoff: Backoff(first: .seconds(1), longest: .seconds(10)))
        var tried: [Int] = []
        var waits: [Duration] = []
        for _ in 0..<6 {
            tried.append(plan.current)
            waits.append(plan.failed(at: start, random: 1))
        }
        #expect(tried == [0, 1, 2, 0, 1, 2])
        #expect(waits == [.zero, .zero, .seconds(1), .zero, .zero, .seconds(2)])
    }

    @Test("After a loss the broker that worked is tried first; one that breaks at once again and again is given more and more time")
    func reconnectAfterLoss() {
        var plan = ReconnectPlan(brokers: 2, backoff: Backoff(first: .seconds(1), longest: .seconds(10)))
        _ = plan.failed(at: start, random: 1)
        #expect(plan.current == 1)
        var waits: [Duration] = []
        for _ in 0..<3 {
            plan.opened(at: start)
            waits.append(plan.failed(at: start + .milliseconds(5), random: 1))
            #expect(plan.current == 1)
        }
        #expect(waits == [.seconds(1), .seconds(2), .seconds(4)])
        plan.opened(at: start)
        #expect(plan.failed(at: start + .seconds(3600), random: 1) == .seconds(1))
    }

    // MARK: Messages

    @Test("A message is put together from its frames, and one that is too large is left out without its neighbours")
    func assembling() {
        var assembler = IncomingAssembler()
        #expect(assembler.body([1, 2]) == nil, "a body without a beginning")
        assembler.begin(.delivery, routingKey: "k")
        #expect(assembler.header(messageID: "1", headers: ["a": "b"], bodySize: 3) == nil)
        #expect(assembler.body([1, 2]) == nil)
        #expect(assembler.body([3]) == .delivery(AMQPDelivery(routingKey: "k", messageID: "1", headers: ["a": "b"], body: [1, 2, 3])))
        assembler.begin(.returned(reason: "NO_ROUTE"), routingKey: "e")
        #expect(assembler.header(messageID: nil, headers: [:], bodySize: 0) == .returned(AMQPDelivery(routingKey: "e"), reason: "NO_ROUTE"))
        assembler.begin(.delivery, routingKey: "big")
        #expect(assembler.header(messageID: nil, headers: [:], bodySize: .max) == nil)
        for _ in 0..<20 { #expect(assembler.body([UInt8](repeating: 0, count: 131_072)) == nil) }
        assembler.begin(.delivery, routingKey: "small")
        #expect(assembler.header(messageID: nil, headers: [:], bodySize: 0) == .delivery(AMQPDelivery(routingKey: "small")))
    }

    // MARK: Log notices

    @Test("A log has two notices a second at most, the rest is merged; the end of a build waits for nothing")
    func notices() {
        var coalescer = NoticeCoalescer()
        func grew(_ from: Int64, _ to: Int64) -> LogNotice { LogNotice(build: 7, log: "1-unit", offset: from, size: to) }
        #expect(coalescer.add(grew(0, 10)) == true)
        #expect(coalescer.take(at: start, limit: 10) == [grew(0, 10)])
        #expect(coalescer.add(grew(10, 20)) == true)
        #expect(coalescer.add(grew(20, 30)) == false)
        #expect(coalescer.take(at: start + .milliseconds(499), limit: 10).isEmpty)
        #expect(coalescer.nextDue(at: start) == start + .milliseconds(500))
        #expect(coalescer.add(LogNotice(build: 7, log: nil)) == true)
        #expect(coalescer.take(at: start + .milliseconds(499), limit: 10) == [LogNotice(build: 7, log: nil)])
        #expect(coalescer.take(at: start + .milliseconds(500), limit: 10) == [grew(10, 30)])
        #expect(coalescer.isEmpty)
    }

    @Test("Notices wait in bounded numbers")
    func noticesBounded() {
        var coalescer = NoticeCoalescer()
        for build in 1...Int64(NoticeCoalescer.capacity) { #expect(coalescer.add(LogNotice(build: build, log: "a")) == true) }
        #expect(coalescer.add(LogNotice(build: 1_000_000, log: "a")) == false)
        #expect(coalescer.take(at: start, limit: 100).count == 100)
    }
}
