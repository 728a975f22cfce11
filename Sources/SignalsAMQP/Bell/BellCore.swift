import Signals
import Synchronization

/// What the two threads of a bell and its callers share: the rings that wait, the health, and the listeners of this process.
final class BellCore: Sendable {
    private struct State {
        var outbox = RingOutbox()
        var machine: BellHealthMachine
        var blocked = BlockedClock()
        var statistics = BellStatistics()
        var told: BellHealth
        var isTelling = false
    }

    /// Names this process in its rings and queues.
    let process: String
    let local = LocalBell()
    private let state: Mutex<State>

    init(process: String, echoInterval: Duration) {
        self.process = process
        let machine = BellHealthMachine(interval: echoInterval)
        state = Mutex(State(machine: machine, told: machine.health))
    }

    var health: BellHealth { state.withLock { $0.machine.health } }

    var statistics: BellStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.blocked = state.blocked.total(at: .now)
            return statistics
        }
    }

    /// Returns whether the ringing thread has to be told.
    func ring(_ loop: LoopName) -> Bool { state.withLock { $0.outbox.ring(loop) } }

    // MARK: For the ringing thread

    func takeRings() -> [LoopName] {
        state.withLock { state in
            let rings = state.outbox.take(at: .now)
            state.statistics.ringsSent += UInt64(rings.count)
            return rings
        }
    }

    func takeEcho() -> UInt64? {
        let number = change { state in
            let number = state.machine.echoDue(at: .now)
            if number != nil { state.outbox.echoSent() }
            return number
        }
        return number
    }

    var nextTurn: ContinuousClock.Instant? {
        state.withLock { state in [state.outbox.nextDue, state.machine.nextLook].compactMap { $0 }.min() }
    }

    func ringing(_ link: BellHealthMachine.Link) {
        change { state in
            let now = ContinuousClock.now
            if case .blocked = link { state.blocked.begin(at: now) } else { state.blocked.end(at: now) }
            if case .away = link { state.outbox.connectionLost() }
            state.machine.ringing(link, at: now)
        }
    }

    func returned(_ reason: String) {
        change { state in
            state.statistics.returns += 1
            state.machine.returned(reason)
        }
    }

    // MARK: For the hearing thread

    func hearing(_ link: BellHealthMachine.Link) {
        change { $0.machine.hearing(link, at: .now) }
    }

    func heard(_ loop: LoopName) {
        state.withLock { $0.statistics.ringsReceived += 1 }
        local.ring(loop)
    }

    func heardEcho(_ number: UInt64) {
        change { state in
            guard state.machine.heard(number, at: .now), let roundTrip = state.machine.roundTrip else { return }
            state.outbox.echoHeard()
            state.statistics.roundTrip = roundTrip
            state.statistics.longestRoundTrip = max(state.statistics.longestRoundTrip, roundTrip)
        }
    }

    // MARK: Telling

    /// Changes the state and tells whoever watches when that changed the health. One thread tells at a time, the latest last.
    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let result = state.withLock { body(&$0) }
        while let news = nextNews() {
            local.tell(.healthChanged(news))
            state.withLock { $0.isTelling = false }
        }
        return result
    }

    private func nextNews() -> BellHealth? {
        state.withLock { state in
            let health = state.machine.health
            guard !state.isTelling, health != state.told else { return nil }
            state.told = health
            state.isTelling = true
            return health
        }
    }
}
