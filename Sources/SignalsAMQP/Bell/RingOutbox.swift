import Signals

/// The rings that other processes have not heard yet. Pure, and never longer than there are loops: rings coalesce.
///
/// Rings are published without confirms. A ring to oneself that was published after them on the same channel and came back proves that they were
/// taken; those without that proof are rung again when the connection breaks.
struct RingOutbox {
    private var pending: Set<LoopName> = []
    private var sentBeforeEcho: Set<LoopName> = []
    private var sentSinceEcho: Set<LoopName> = []
    private var lastSent: [LoopName: ContinuousClock.Instant] = [:]

    /// A loop is rung no more often; rings in between are one ring afterwards. The first is not delayed.
    static let gap = Duration.milliseconds(1)

    /// Whether anything waits to be sent.
    var isEmpty: Bool { pending.isEmpty }

    /// Returns whether this ring is not merged with one that waits already.
    mutating func ring(_ loop: LoopName) -> Bool { pending.insert(loop).inserted }

    /// What may be published now.
    mutating func take(at now: ContinuousClock.Instant) -> [LoopName] {
        let due = pending.filter { loop in lastSent[loop].map { $0 + Self.gap <= now } ?? true }
        pending.subtract(due)
        sentSinceEcho.formUnion(due)
        for loop in due { lastSent[loop] = now }
        return Array(due)
    }

    /// When the next of the waiting rings may be published; nil when none waits.
    var nextDue: ContinuousClock.Instant? {
        pending.compactMap { lastSent[$0].map { $0 + Self.gap } }.min()
    }

    mutating func echoSent() {
        sentBeforeEcho.formUnion(sentSinceEcho)
        sentSinceEcho = []
    }

    /// The echo that was sent last has come back.
    mutating func echoHeard() {
        sentBeforeEcho = []
    }

    mutating func connectionLost() {
        pending.formUnion(sentBeforeEcho)
        pending.formUnion(sentSinceEcho)
        sentBeforeEcho = []
        sentSinceEcho = []
        lastSent = [:]
    }
}
