import Domain
import Signals
import Storage
import Testing

@testable import Relay

/// The relay of one shard as a value: no store, no broker, no time.
@Suite struct ShardMachineTests {
    private let start = ContinuousClock.now
    private let first = Machines.term(1)

    private func leading(_ term: RelayTerm? = nil, newest: Int64 = 10) -> ShardMachine {
        var machine = Machines.make()
        _ = machine.answered(.leading(term ?? first, newest: Machines.cursor(newest), ticked: true), at: start)
        return machine
    }

    @Test("A leader reads, publishes and settles, and only then does the cursor move")
    func order() {
        var machine = leading()
        #expect(machine.next() == .read(first, after: Machines.cursor(0)))
        machine.read(Machines.events(1...4), under: first)
        guard case .publish(let batch) = machine.next() else {
            Issue.record("expected to publish, found \(machine.next())")
            return
        }
        #expect(batch.end == Machines.cursor(4))
        machine.published(batch, Machines.confirmed(4))
        guard case .settle(let settlement) = machine.next() else {
            Issue.record("expected to settle, found \(machine.next())")
            return
        }
        #expect(settlement == .init(term: first, end: Machines.cursor(4), count: 4, refused: []))
        machine.settled(settlement, moved: true)
        #expect(machine.next() == .read(first, after: Machines.cursor(4)))
    }

    @Test("After a failure the same batch comes again, with the same message ids")
    func sameBatch() {
        var machine = leading()
        machine.read(Machines.events(1...4), under: first)
        let before = machine.next()
        #expect(machine.failed(at: start) == nil)
        #expect(machine.next() == before)
        // A look at the shard changes nothing about what is on its way.
        _ = machine.answered(.leading(first, newest: Machines.cursor(20), ticked: true), at: start)
        #expect(machine.next() == before)
    }

    @Test("A batch of which not every outcome is told is not settled")
    func partlySettled() {
        var machine = leading()
        machine.read(Machines.events(1...4), under: first)
        guard case .publish(let batch) = machine.next() else { return }
        machine.published(batch, Machines.confirmed(3))
        #expect(machine.next() == .publish(batch))
    }

    @Test("A refused event is recorded, and the cursor moves over it")
    func refused() {
        var machine = leading()
        machine.read(Machines.events(1...3), under: first)
        guard case .publish(let batch) = machine.next() else { return }
        machine.published(batch, [.confirmed, .refused(reason: "full"), .confirmed])
        guard case .settle(let settlement) = machine.next() else {
            Issue.record("expected to settle, found \(machine.next())")
            return
        }
        #expect(settlement.end == Machines.cursor(3))
        #expect(settlement.refused.map(\.cursor) == [Machines.cursor(2)])
        #expect(settlement.refused.map(\.reason) == ["full"])
    }

    @Test("What was read while a batch was published follows it")
    func ahead() {
        var machine = leading()
        machine.read(Machines.events(1...4), under: first)
        guard case .publish(let batch) = machine.next() else { return }
        #expect(machine.placeAhead(of: batch) == Machines.cursor(4))
        machine.readAhead(Machines.events(5...8), behind: batch)
        machine.published(batch, Machines.confirmed(4))
        guard case .settle(let settlement) = machine.next() else { return }
        machine.settled(settlement, moved: true)
        #expect(machine.next() == .publish(.init(term: first, events: Machines.events(5...8))))
    }

    @Test("Nothing is read ahead of the last batch")
    func nothingAhead() {
        var machine = leading(newest: 4)
        machine.read(Machines.events(1...4), under: first)
        guard case .publish(let batch) = machine.next() else { return }
        #expect(machine.placeAhead(of: batch) == nil)
    }

    @Test("When the cursor may not be moved, everything under that term is dropped")
    func fenced() {
        var machine = leading()
        machine.read(Machines.events(1...4), under: first)
        guard case .publish(let batch) = machine.next() else { return }
        machine.readAhead(Machines.events(5...8), behind: batch)
        machine.published(batch, Machines.confirmed(4))
        guard case .settle(let settlement) = machine.next() else { return }
        machine.settled(settlement, moved: false)
        #expect(machine.next() == .rest)
        #expect(machine.term == nil)
    }

    @Test("A new term begins at the store's cursor, and answers that belong to the old one change nothing")
    func newTerm() {
        var machine = leading()
        machine.read(Machines.events(1...4), under: first)
        guard case .publish(let old) = machine.next() else { return }
        let second = Machines.term(2, at: 6)
        _ = machine.answered(.leading(second, newest: Machines.cursor(10), ticked: false), at: start)
        machine.published(old, Machines.confirmed(4))
        machine.readAhead(Machines.events(5...8), behind: old)
        machine.read(Machines.events(1...4), under: first)
        #expect(machine.next() == .read(second, after: Machines.cursor(6)))
    }

    @Test("Another epoch is another term, for its cursors mean other places")
    func newEpoch() {
        var machine = leading()
        machine.read(Machines.events(1...4), under: first)
        var again = first
        again.cursor.epoch += 1
        _ = machine.answered(.leading(again, newest: EventCursor(epoch: again.cursor.epoch, tick: 20, sequence: 1), ticked: false), at: start)
        #expect(machine.next() == .read(again, after: again.cursor))
    }

    @Test("A leader whose lease went to another drops its batch", arguments: [ShardAnswer.held(.seconds(2)), .idle])
    func deposed(answer: ShardAnswer) {
        var machine = leading()
        machine.read(Machines.events(1...4), under: first)
        _ = machine.answered(answer, at: start)
        #expect(machine.next() == .rest)
        #expect(machine.term == nil)
    }

    @Test("A follower asks again when the lease of the other ends, and at the latest after a second")
    func following() {
        var machine = Machines.make()
        let short = machine.answered(.held(.milliseconds(300)), at: start)
        #expect(short.wake == start + .milliseconds(300))
        #expect(machine.mayLook(at: start + .milliseconds(299)) == start + .milliseconds(300))
        #expect(machine.mayLook(at: start + .milliseconds(300)) == nil)
        #expect(machine.answered(.held(.seconds(5)), at: start).wake == start + ShardMachine.longestPatience)
    }

    @Test("While there is nothing to do nobody wakes up")
    func idle() {
        var machine = Machines.make()
        #expect(machine.answered(.idle, at: start) == .init())
        #expect(machine.mayLook(at: start) == nil)
        _ = machine.answered(.leading(Machines.term(1, at: 10), newest: Machines.cursor(10), ticked: false), at: start)
        #expect(machine.answered(.leading(Machines.term(1, at: 10), newest: Machines.cursor(10), ticked: false), at: start).wake == nil)
    }

    @Test("While something is on its way the lease is renewed in time")
    func renewal() {
        var machine = Machines.make()
        let outcome = machine.answered(.leading(first, newest: Machines.cursor(10), ticked: false), at: start)
        #expect(outcome.hasWork)
        #expect(outcome.wake == start + Machines.lease / 3)
    }

    @Test("Ticks keep their distance, with and without a broker")
    func distance() {
        var machine = leading()
        #expect(machine.mayLook(at: start) == start + Machines.tickInterval)
        #expect(machine.mayLook(at: start + Machines.tickInterval) == nil)
        var plain = Machines.make()
        #expect(plain.ticked(true, at: start) == .init(ticked: true))
        #expect(plain.mayLook(at: start) == start + Machines.tickInterval)
    }

    @Test("The first that asks after a rest waits for others, and those that follow do not prolong that")
    func gathering() {
        var machine = ShardMachine(lease: Machines.lease, tickInterval: Machines.tickInterval, gathering: .milliseconds(10))
        #expect(machine.mayLook(at: start) == start + .milliseconds(10))
        #expect(machine.mayLook(at: start + .milliseconds(9)) == start + .milliseconds(10))
        #expect(machine.mayLook(at: start + .milliseconds(10)) == nil)
        _ = machine.ticked(true, at: start + .milliseconds(10))
        // Under load the distance of the ticks is all there is.
        #expect(machine.mayLook(at: start + .milliseconds(11)) == start + .milliseconds(30))
        #expect(machine.mayLook(at: start + .milliseconds(30)) == nil)
    }

    @Test("After some failures in a row it gives its lease to another, and stands back for the length of a lease")
    func standsBack() {
        var machine = leading()
        machine.read(Machines.events(1...4), under: first)
        for _ in 1..<ShardMachine.mostFailures { #expect(machine.failed(at: start) == nil) }
        #expect(machine.failed(at: start) == first)
        #expect(machine.next() == .rest)
        #expect(machine.mayLook(at: start + Machines.tickInterval) == start + Machines.lease)
        #expect(machine.mayLook(at: start + Machines.lease) == nil)
    }

    @Test("A batch that went through makes the failures before it forgotten")
    func forgiven() {
        var machine = leading()
        for round: Int64 in 0..<3 {
            for _ in 1..<ShardMachine.mostFailures { #expect(machine.failed(at: start) == nil) }
            machine.read(Machines.events(round + 1...round + 1), under: first)
            guard case .publish(let batch) = machine.next() else { return }
            machine.published(batch, Machines.confirmed(1))
            guard case .settle(let settlement) = machine.next() else { return }
            machine.settled(settlement, moved: true)
        }
        #expect(machine.term == first)
    }

    @Test("Over what is not kept any more the cursor moves without publishing")
    func skips() {
        var machine = leading()
        machine.skip(to: Machines.cursor(7), under: first)
        #expect(machine.next() == .settle(.init(term: first, end: Machines.cursor(7), count: 0, refused: [])))
        var empty = leading()
        empty.read([], under: first)
        #expect(empty.next() == .settle(.init(term: first, end: Machines.cursor(10), count: 0, refused: [])))
    }

    @Test("It never skips back, nor past a batch that is on its way")
    func neverSkipsBack() {
        var machine = leading(Machines.term(1, at: 5))
        machine.skip(to: Machines.cursor(3), under: first)
        #expect(machine.next() == .read(Machines.term(1, at: 5), after: Machines.cursor(5)))
        machine.read(Machines.events(6...7), under: first)
        let before = machine.next()
        machine.skip(to: Machines.cursor(9), under: first)
        #expect(machine.next() == before)
    }

    @Test("A relay that stops gives back the lease that it has")
    func stops() {
        var machine = leading()
        #expect(machine.stopped() == first)
        #expect(machine.stopped() == nil)
        #expect(machine.next() == .rest)
    }
}
