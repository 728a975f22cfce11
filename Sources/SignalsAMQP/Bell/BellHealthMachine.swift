import Signals

/// Judges the bell by its connections and by rings to oneself: it is healthy only while these come back. Pure.
struct BellHealthMachine {
    enum Link: Hashable {
        case away(String)
        case blocked(String)
        case open
    }

    private(set) var ringing = Link.away("not connected yet")
    private(set) var hearing = Link.away("not connected yet")
    /// The number of the last ring to oneself, and when it was sent; nil once it has come back.
    private(set) var waitingFor: (number: UInt64, since: ContinuousClock.Instant)?
    private(set) var roundTrip: Duration?
    private var numbers: UInt64 = 0
    private var next: ContinuousClock.Instant?
    private var trouble: String? = "no ring to this process itself has come back yet"
    let interval: Duration

    /// - Parameter interval: between two rings to oneself, and how long one may take.
    init(interval: Duration) {
        self.interval = interval
    }

    var health: BellHealth {
        switch (ringing, hearing) {
        case (.away(let reason), _): .degraded("cannot ring: \(reason)")
        case (_, .away(let reason)): .degraded("cannot hear rings: \(reason)")
        case (.blocked(let reason), _): .degraded("the broker takes no rings: \(reason)")
        case (.open, _): trouble.map { .degraded($0) } ?? .healthy
        }
    }

    /// When to look again.
    var nextLook: ContinuousClock.Instant? { next }

    mutating func ringing(_ link: Link, at now: ContinuousClock.Instant) {
        if link == .open, ringing != .open { next = now }
        ringing = link
        startOver(if: link)
    }

    mutating func hearing(_ link: Link, at now: ContinuousClock.Instant) {
        if link == .open { next = now }
        hearing = link
        startOver(if: link)
    }

    private mutating func startOver(if link: Link) {
        guard case .away = link else { return }
        waitingFor = nil
        trouble = "no ring to this process itself has come back yet"
    }

    /// The number of the ring to oneself that is to be sent now; nil while none is due or none could come back.
    mutating func echoDue(at now: ContinuousClock.Instant) -> UInt64? {
        guard ringing == .open, hearing == .open else {
            next = nil
            return nil
        }
        if let next, now < next { return nil }
        if let waitingFor, waitingFor.since + interval <= now {
            trouble = "a ring to this process itself has not come back within \(interval)"
        }
        numbers += 1
        waitingFor = (numbers, now)
        next = now + interval
        return numbers
    }

    /// Returns whether it was the one that was sent last.
    mutating func heard(_ number: UInt64, at now: ContinuousClock.Instant) -> Bool {
        guard let waitingFor, waitingFor.number == number else { return false }
        roundTrip = waitingFor.since.duration(to: now)
        self.waitingFor = nil
        trouble = nil
        return true
    }

    /// The broker had no queue of ours for a ring to oneself.
    mutating func returned(_ reason: String) {
        trouble = "a ring to this process itself found no queue: \(reason)"
    }
}
