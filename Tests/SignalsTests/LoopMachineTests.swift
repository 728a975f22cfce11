import Testing

@testable import Signals

/// Every sequence of inputs up to a length, against what the contract says in other words.
@Suite struct LoopMachineTests {
    private enum Input: CaseIterable {
        case ring, begin, returnNothing, returnImmediately, returnLater, fail, reconnect, stop, tick
    }

    /// What an onlooker knows who has read the contract and not the machine.
    private struct Onlooker {
        var now: ContinuousClock.Instant
        var isRunning = false
        var isStopping = false
        /// Somebody asked for a pass since the last one began.
        var isAsked = true
        var asksAt: ContinuousClock.Instant?
        var barredUntil: ContinuousClock.Instant?
        var failures = 0
    }

    private let backoff = Backoff(first: .seconds(1), longest: .seconds(2))

    @Test("For every sequence of seven inputs: no overlap, no lost ring, no skipped backoff, no pass after a stop")
    func everySequence() {
        let start = ContinuousClock.now
        var steps = 0
        explore(LoopMachine(), Onlooker(now: start), depth: 7, steps: &steps)
        #expect(steps > 100_000)
    }

    private func explore(_ machine: LoopMachine, _ onlooker: Onlooker, depth: Int, steps: inout Int) {
        steps += 1
        guard check(machine, onlooker), depth > 0 else { return }
        for input in Input.allCases {
            var machine = machine
            var onlooker = onlooker
            if feed(input, &machine, &onlooker) { explore(machine, onlooker, depth: depth - 1, steps: &steps) }
        }
    }

    private func check(_ machine: LoopMachine, _ onlooker: Onlooker) -> Bool {
        let expected: LoopMachine.Action
        if onlooker.isRunning {
            expected = .wait(until: nil)
        } else if onlooker.isStopping {
            expected = .stop
        } else {
            let times = [onlooker.isAsked ? onlooker.now : nil, onlooker.asksAt].compactMap { $0 }
            if let wanted = times.min() {
                let due = onlooker.barredUntil.map { max($0, wanted) } ?? wanted
                expected = due <= onlooker.now ? .run : .wait(until: due)
            } else {
                expected = .wait(until: nil)
            }
        }
        let action = machine.next(at: onlooker.now)
        guard action != expected else { return true }
        Issue.record("\(machine) of \(onlooker): \(action), not \(expected)")
        return false
    }

    /// False when the input cannot come now.
    private func feed(_ input: Input, _ machine: inout LoopMachine, _ onlooker: inout Onlooker) -> Bool {
        let later = onlooker.now.advanced(by: .seconds(2))
        switch input {
        case .ring:
            machine.ring()
            onlooker.isAsked = true
        case .begin:
            guard machine.next(at: onlooker.now) == .run else { return false }
            machine.began()
            onlooker.isRunning = true
            onlooker.isAsked = false
            onlooker.asksAt = nil
            onlooker.barredUntil = nil
        case .returnNothing, .returnImmediately, .returnLater:
            guard onlooker.isRunning else { return false }
            machine.returned(input == .returnNothing ? nil : input == .returnLater ? .at(later) : .immediately)
            onlooker.isRunning = false
            onlooker.failures = 0
            if input == .returnImmediately { onlooker.isAsked = true }
            if input == .returnLater { onlooker.asksAt = later }
        case .fail:
            guard onlooker.isRunning else { return false }
            onlooker.failures += 1
            let delay = machine.failed(at: onlooker.now, backoff: backoff, random: 1)
            onlooker.isRunning = false
            onlooker.isAsked = true
            onlooker.barredUntil = onlooker.now.advanced(by: .seconds(onlooker.failures > 1 ? 2 : 1))
            guard delay == .seconds(onlooker.failures > 1 ? 2 : 1) else {
                Issue.record("failure \(onlooker.failures) waits \(delay)")
                return false
            }
        case .reconnect:
            machine.reconnected()
            onlooker.isAsked = true
            onlooker.barredUntil = nil
            onlooker.failures = 0
        case .stop:
            machine.stop()
            onlooker.isStopping = true
        case .tick:
            onlooker.now = onlooker.now.advanced(by: .seconds(1))
        }
        return true
    }

    @Test("A machine that is told when to start waits until then")
    func firstPass() {
        let now = ContinuousClock.now
        let machine = LoopMachine(firstPass: now + .seconds(3))
        #expect(machine.next(at: now) == .wait(until: now + .seconds(3)))
        #expect(machine.next(at: now + .seconds(3)) == .run)
    }
}
